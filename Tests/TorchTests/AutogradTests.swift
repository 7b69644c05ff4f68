import Testing
import Torch

@Suite struct AutogradTests {
  private func leaf(_ values: Float...) throws -> Tensor { try Tensor(values).requiringGradient() }

  @Test("Gradients of a product and a chain") func gradients() throws {
    let (x, y) = try (leaf(2, 3), leaf(5, 7))
    #expect(x.requiresGradient)
    #expect(x.gradient == nil)
    let product = try x * y
    #expect(product.requiresGradient)
    try (product * product).sum().backward()
    // d(xy)²/dx = 2xy²
    #expect(try x.gradient?.elements() == [100, 294] as [Float])
    #expect(try y.gradient?.elements() == [40, 126] as [Float])
    #expect(product.gradient == nil, "a result is not a leaf")
  }

  @Test("A weight for every element takes the place of a sum") func weighted() throws {
    let x = try leaf(1, 2)
    try (x * x).backward(Tensor([10, 1] as [Float]))
    #expect(try x.gradient?.elements() == [20, 4] as [Float])
    #expect(errorText { try (x * 2).backward() }.hasPrefix("The backward pass of float32[2] failed: "))
    #expect(throws: TorchError.self) { try (x * 2).backward(Tensor.zeros([3])) }
  }

  @Test("Gradients add up until they are replaced") func accumulation() throws {
    let x = try leaf(1, 2)
    for _ in 0..<3 { try (x * 2).sum().backward() }
    #expect(try x.gradient?.elements() == [6, 6] as [Float])
    try x.setGradient(Tensor([1, 1] as [Float]))
    try (x * 2).sum().backward()
    #expect(try x.gradient?.elements() == [3, 3] as [Float])
    try x.setGradient(nil)
    #expect(x.gradient == nil)
    #expect(throws: TorchError.self) { try x.setGradient(Tensor.zeros([3])) }
    #expect(throws: TorchError.self) { try x.setGradient(Tensor.zeros([2], dtype: .float64)) }
  }

  @Test("A graph is gone after its backward pass unless it is retained") func retaining() throws {
    let x = try leaf(3)
    let square = try (x * x).sum()
    try square.backward(retainGraph: true)
    try square.backward()
    #expect(try x.gradient?.elements() == [12] as [Float])
    #expect(throws: TorchError.self) { try square.backward() }
  }

  @Test("Without gradient nothing is recorded, and the mode ends with its closure, also by an error")
  func withoutRecording() throws {
    let x = try leaf(3)
    #expect(try withoutGradient { try (x * 2).requiresGradient } == false)
    struct Stop: Error {}
    #expect(throws: Stop.self) { try withoutGradient { throw Stop() } }
    #expect(try (x * 2).requiresGradient)
    #expect(try !x.detached().requiresGradient)
    let plain = try Tensor([1] as [Float])
    #expect(throws: TorchError.self) { try plain.backward() }
  }

  @Test("Integers have no gradient, and results keep theirs") func refused() throws {
    #expect(
      errorText { try Tensor([1] as [Int64]).requiringGradient() }
        .hasPrefix("Requiring a gradient of int64[1] failed: "))
    let result = try leaf(1) * 2
    #expect(throws: TorchError.self) { try result.requiringGradient(false) }
  }

  @Test("What is made in inference mode stays out of training") func inference() throws {
    let x = try leaf(3)
    let made = try withInferenceMode { try x * 2 }
    #expect(!made.requiresGradient)
    #expect(try made.elements() == [6] as [Float])
    #expect(throws: TorchError.self) { try made.requiringGradient() }
    #expect(throws: TorchError.self) { try made * x }
    struct Stop: Error {}
    #expect(throws: Stop.self) { try withInferenceMode { throw Stop() } }
    #expect(try (x * 2).requiresGradient)
    #expect(try withInferenceMode { try withInferenceMode { try x * 2 } }.requiresGradient == false)
  }

  @Test("Backward passes of many tasks do not disturb each other") func concurrentBackward() async throws {
    let shared = try leaf(1)
    try await withThrowingTaskGroup(of: Float.self) { group in
      for number in 1...32 {
        group.addTask {
          let x = try Tensor([Float(number)]).requiringGradient()
          try (x * x * shared).sum().backward()
          return try #require(x.gradient).elements(Float.self)[0] / Float(number)
        }
      }
      for try await ratio in group { #expect(ratio == 2) }
    }
    #expect(try shared.gradient?.item() == (1...32).map { Double($0 * $0) }.reduce(0, +))
  }
}
