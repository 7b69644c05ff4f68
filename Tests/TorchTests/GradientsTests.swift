import Foundation
import Testing
import Torch

@Suite struct GradientsTests {
  private func leaf(_ gradient: [Float]?) throws -> Tensor {
    let tensor = try Tensor.zeros([gradient?.count ?? 1]).requiringGradient()
    try tensor.setGradient(gradient.map { try Tensor($0) })
    return tensor
  }

  @Test("Clipping shortens all gradients together and says how long they were") func clipping() throws {
    let tensors = try [leaf([3, 0]), leaf(nil), leaf([0, 0, 4])]
    #expect(try Gradients.norms(of: tensors) == [3, 0, 4])
    #expect(try Gradients.clip(tensors, toNorm: 10) == 5)
    #expect(try tensors[0].gradient?.elements() == [3, 0] as [Float])
    #expect(try Gradients.clip(tensors, toNorm: 1) == 5)
    let factor = Float(1) / (5 + 1e-6)
    #expect(try tensors[0].gradient?.elements() == [3 * factor, 0])
    #expect(try tensors[2].gradient?.elements() == [0, 0, 4 * factor])
    #expect(tensors[1].gradient == nil)
  }

  @Test("No gradients have the length zero, and those that are not finite show") func edges() throws {
    #expect(try Gradients.clip([], toNorm: 1) == 0)
    #expect(try Gradients.clip([leaf(nil)], toNorm: 1) == 0)
    #expect(try Gradients.clip([leaf([0, 0])], toNorm: 1) == 0)
    #expect(try Gradients.clip([leaf([1]), leaf([.infinity])], toNorm: 1) == .infinity)
    #expect(try Gradients.clip([leaf([1]), leaf([.nan])], toNorm: 1).isNaN)
  }

  @Test("Cleared gradients are gone") func clearing() throws {
    let tensors = try [leaf([1]), leaf(nil)]
    try Gradients.clear(tensors)
    #expect(tensors.allSatisfy { $0.gradient == nil })
  }
}

@Suite struct GradientScalerTests {
  @Test("Scaled losses give, once unscaled, the gradients of the loss") func roundTrip() throws {
    let scaler = GradientScaler()
    let x = try Tensor([1, 2] as [Float]).requiringGradient()
    let unused = try Tensor([1] as [Float]).requiringGradient()
    try scaler.scaled((x * x).sum()).backward()
    #expect(try x.gradient?.elements() == [2 * 65536, 4 * 65536] as [Float])
    #expect(try scaler.unscale([x, unused]))
    #expect(try x.gradient?.elements() == [2, 4] as [Float])
    #expect(try scaler.unscale([unused]))
  }

  @Test("An overflow is found, wherever it is", arguments: [Float.infinity, -.infinity, .nan])
  func overflow(value: Float) throws {
    let tensors = try [Tensor([1, 2] as [Float]), Tensor([3] as [Float])]
    for tensor in tensors { try tensor.requiringGradient() }
    try tensors[0].setGradient(Tensor([1, 2] as [Float]))
    try tensors[1].setGradient(Tensor([value]))
    #expect(try !GradientScaler().unscale(tensors))
  }

  @Test("The scale halves at an overflow and doubles after 2000 steps without one") func adapting() throws {
    var scaler = GradientScaler(scale: 8)
    scaler.update(isFinite: false)
    #expect(scaler.scale == 4)
    for _ in 0..<1999 { scaler.update(isFinite: true) }
    #expect(scaler.scale == 4 && scaler.finiteSteps == 1999)
    // Its state is all it needs.
    scaler = try JSONDecoder().decode(GradientScaler.self, from: JSONEncoder().encode(scaler))
    scaler.update(isFinite: true)
    #expect(scaler.scale == 8 && scaler.finiteSteps == 0)
    var large = GradientScaler(scale: 0x1p127)
    for _ in 0..<2000 { large.update(isFinite: true) }
    #expect(large.scale == 0x1p127, "a loss times the scale is to stay finite")
  }
}

@Suite struct GeneratorStateTests {
  @Test("A generator goes on where its state was read") func resuming() throws {
    let generator = try Generator(seed: 3)
    // An odd number of normal draws leaves half a pair behind.
    _ = try Tensor.randomNormal([7], generator: generator)
    let state = try generator.state
    let expected = try Tensor.randomNormal([5], generator: generator).elements(Float.self)
    let other = try Generator(seed: 99)
    try other.setState(state)
    #expect(try Tensor.randomNormal([5], generator: other).elements(Float.self) == expected)
    #expect(throws: TorchError.self) { try other.setState([1, 2, 3]) }
    #expect(throws: TorchError.self) { try other.setState([UInt8](repeating: 255, count: state.count)) }
  }

  #if compiler(>=6.2)
    @Test("So does the one that everybody draws from") func standard() async {
      await #expect(processExitsWith: .success) {
        try Runtime.seed(5)
        let state = try Generator.standard().state
        let expected = try Tensor.randomUniform([5]).elements(Float.self)
        try Runtime.seed(6)
        try Generator.standard().setState(state)
        try #require(try Tensor.randomUniform([5]).elements(Float.self) == expected)
      }
    }
  #endif
}
