import Foundation
import Synchronization
import Testing
import Torch

/// Two products with a dropout between: what is checkpointed here.
private struct Block: Sendable {
  let first, second: Tensor
  let dropout: Dropout

  init(_ generator: Generator) throws {
    dropout = try Dropout(Parameters(from: FreshParameters(seed: 1)).root, rate: 0.4)
    first = try Tensor.randomNormal([8, 8], generator: generator).requiringGradient()
    second = try Tensor.randomNormal([8, 8], generator: generator).requiringGradient()
  }

  var parameters: [Tensor] { [first, second] }

  func callAsFunction(_ x: Tensor) throws -> Tensor {
    try dropout(x.matmul(first).gelu()).matmul(second) + x
  }
}

/// How much of a network of two blocks is checkpointed.
private enum Way: CaseIterable { case nothing, eachBlock, all, nested }

private func run(_ way: Way, _ blocks: [Block], _ x: Tensor) throws -> Tensor {
  func inParts(_ x: Tensor) throws -> Tensor {
    try blocks.reduce(x) { x, block in try checkpointed([x]) { [try block($0[0])] }[0] }
  }
  switch way {
  case .nothing: return try blocks.reduce(x) { try $1($0) }
  case .eachBlock: return try inParts(x)
  case .all: return try checkpointed([x]) { inputs in [try blocks.reduce(inputs[0]) { try $1($0) }] }[0]
  case .nested:
    return try checkpointed([x]) { inputs in
      [
        try blocks.reduce(inputs[0]) { x, block in
          try checkpointed([x]) { [try block($0[0])] }[0]
        }
      ]
    }[0]
  }
}

@Suite struct CheckpointingTests {
  private let x: Tensor
  init() throws { x = try Tensor([1, 2, 3] as [Float]).requiringGradient() }

  // They draw from the generator of the process.
  #if compiler(>=6.2)
    @Test("Outputs, gradients and the numbers drawn afterwards are those without checkpoints, bit for bit")
    func equality() async {
      await #expect(processExitsWith: .success) {
        let generator = try Generator(seed: 1)
        let blocks = try [Block(generator), Block(generator)]
        let x = try Tensor.randomNormal([4, 8], generator: generator).requiringGradient()
        func results(_ way: Way) throws -> [[Float]] {
          let leaves = [x] + blocks.flatMap(\.parameters)
          try Gradients.clear(leaves)
          try Runtime.seed(7)
          let output = try Regularization().running { try run(way, blocks, x) }
          // What is drawn between the passes must not show in the second run, nor the other way round.
          let between = try Tensor.randomUniform([3])
          try (output * output).sum().backward()
          let after = try Tensor.randomUniform([3])
          let all = try [output, between, after] + leaves.map { try #require($0.gradient) }
          return try all.map { try $0.to(.float32).elements() }
        }
        for way in Way.allCases {
          try #require(try results(way) == results(.nothing))
          let half = try withAutocast(.bfloat16) { try results(way) }
          try #require(try half == withAutocast(.bfloat16) { try results(.nothing) })
          try #require(try half != results(way))
        }
        // Blocks that drop give other gradients than those that do not.
        let gradient = try results(.all)[3]
        try Gradients.clear([x])
        try (run(.nothing, blocks, x) * 2).sum().backward()
        try #require(try x.gradient?.elements() != gradient)
      }
    }

    @Test("Nothing is left behind, neither by passes that end nor by those that fail or never come")
    func leaks() async {
      await #expect(processExitsWith: .success) {
        struct Stop: Error {}
        let generator = try Generator(seed: 1)
        let blocks = try [Block(generator), Block(generator)]
        func round() throws {
          let x = try Tensor.randomNormal([4, 8], generator: generator).requiringGradient()
          try run(.nested, blocks, x).sum().backward()
          _ = try run(.nested, blocks, x)
          try #require((try? checkpointed([x]) { _ in throw Stop() }) == nil)
          let runs = Mutex(0)
          let failing = try checkpointed([x]) { inputs in
            try runs.withLock {
              $0 += 1
              if $0 > 1 { throw Stop() }
            }
            return [try inputs[0] * 2]
          }
          try #require((try? failing[0].sum().backward()) == nil)
        }
        try round()
        let count = Tensor.liveCount
        for _ in 0..<20 { try round() }
        // The blocks' own tensors are counted both times.
        try withExtendedLifetime(blocks) { try #require(Tensor.liveCount == count) }
      }
    }
  #endif

  @Test("Parameters get gradients also where no input requires one") func parametersOnly() throws {
    let input = try Tensor([4, 5, 6] as [Float])
    let weight = x
    let output = try checkpointed([input]) { [try $0[0] * weight] }[0]
    #expect(output.requiresGradient)
    try output.sum().backward()
    #expect(try weight.gradient?.elements() == [4, 5, 6] as [Float])
    #expect(input.gradient == nil)
    try checkpointed([]) { _ in [try weight * 2] }[0].sum().backward()
    #expect(try weight.gradient?.elements() == [6, 7, 8] as [Float])
  }

  @Test("Several outputs may be used or not, pass through, or be numbers without gradients") func outputs()
    throws
  {
    let results = try checkpointed([x]) { inputs in
      [try inputs[0] * 2, try inputs[0] * 100, inputs[0], try inputs[0].sorted(descending: true).indices]
    }
    #expect(results.map(\.requiresGradient) == [true, true, true, false])
    #expect(try results[3].elements() == [2, 1, 0] as [Int64])
    let loss = try (results[0] + results[2]).sum()
    try loss.backward(retainGraph: true)
    #expect(try x.gradient?.elements() == [3, 3, 3] as [Float])
    try loss.backward()
    #expect(try x.gradient?.elements() == [6, 6, 6] as [Float])
  }

  @Test("Where nothing is recorded the part runs once and keeps nothing") func unrecorded() throws {
    let runs = Mutex(0)
    let output = try withoutGradient {
      try checkpointed([x]) { inputs in
        runs.withLock { $0 += 1 }
        return [try inputs[0] * 2]
      }[0]
    }
    #expect(!output.requiresGradient)
    #expect(runs.withLock { $0 } == 1)
    let inference = try withInferenceMode { try checkpointed([x]) { [try $0[0] * 2] }[0] }
    #expect(try inference.elements() == [2, 4, 6] as [Float])
  }

  @Test("Errors of the first run are the body's, those of the second are told by the backward pass")
  func errors() throws {
    struct Broken: Error, CustomStringConvertible { let description = "The part is broken." }
    #expect(throws: Broken.self) { try checkpointed([x]) { _ in throw Broken() } }
    let runs = Mutex(0)
    let outer = try checkpointed([x]) { inputs in
      try checkpointed(inputs) { inputs in
        try runs.withLock {
          $0 += 1
          // The first run of the outer part, then its second, then the inner one's own.
          if $0 == 3 { throw Broken() }
        }
        return [try inputs[0] * 2]
      }
    }
    #expect(
      errorText { try outer[0].sum().backward() }
        == "The backward pass of float32[] failed: The part is broken.")
    #expect(runs.withLock { $0 } == 3)
    // The thread is as it was.
    #expect(try (x * 2).requiresGradient)
    let changing = Mutex(0)
    let output = try checkpointed([x]) { inputs in
      changing.withLock { $0 += 1 }
      return Array(repeating: try inputs[0] * 2, count: changing.withLock { $0 })
    }
    #expect(
      errorText { try output[0].sum().backward() }.contains(
        "a checkpointed part gave 1 tensors at first and 2 when it was run again"))
  }

  @Test("An input that was written to in between is refused") func written() throws {
    let input = try Tensor([1, 2, 3] as [Float])
    let weight = x
    let output = try checkpointed([input]) { [try $0[0] * weight] }[0]
    try input.multiply(inPlace: 2)
    #expect(errorText { try output.sum().backward() }.contains("modified by an inplace operation"))
  }
}
