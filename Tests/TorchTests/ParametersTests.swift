import Testing
import Torch

/// Hands out one tensor under every name.
private struct OneTensor: ParameterSource {
  let tensor: Tensor
  func parameter(_ name: String, shape: [Int], initial: Initializer) throws -> Tensor { tensor }
}

@Suite struct ParametersTests {
  @Test("Names are paths, in the order in which layers ask") func names() throws {
    let parameters = try Parameters(from: FreshParameters(seed: 1))
    #expect(parameters.root.path == "")
    let scope = parameters.root / "backbone" / "blocks" / 3
    #expect(scope.path == "backbone.blocks.3")
    _ = try Linear(scope / "mlp", inputs: 2, outputs: 3)
    _ = try LayerNorm(parameters.root / "norm", width: 4)
    _ = try parameters.root.parameter("scale", [], .constant(1))
    #expect(
      parameters.all.map(\.name) == [
        "backbone.blocks.3.mlp.weight", "backbone.blocks.3.mlp.bias", "norm.weight", "norm.bias", "scale",
      ])
    #expect(parameters.all.map(\.tensor.shape) == [[3, 2], [3], [4], [4], []])
  }

  @Test("A source's tensor of another shape is refused by name, and not kept") func wrongShape() throws {
    let parameters = try Parameters(from: OneTensor(tensor: .zeros([2, 3])))
    #expect(
      errorText { try (parameters.root / "head").parameter("weight", [3, 2], .constant(0)) }
        == "Parameter 'head.weight' has shape [2, 3] in the checkpoint; the model needs [3, 2].")
    #expect(parameters.all.isEmpty)
  }
}

@Suite struct FreshParametersTests {
  private func values(_ initial: Initializer, _ shape: [Int] = [100, 50], seed: UInt64 = 1) throws -> [Float]
  {
    try FreshParameters(seed: seed).parameter("p", shape: shape, initial: initial).elements()
  }

  @Test("A seed repeats all parameters; another gives others") func seeds() throws {
    func all(_ seed: UInt64) throws -> [[Float]] {
      let source = try FreshParameters(seed: seed)
      return try [Initializer.normal(deviation: 1), .uniform(bound: 1), .xavierUniform].map {
        try source.parameter("p", shape: [3, 4], initial: $0).elements()
      }
    }
    #expect(try all(7) == all(7))
    #expect(try all(7) != all(8))
  }

  @Test("Constants are constant") func constant() throws {
    #expect(try values(.constant(-1.5), [3]) == [-1.5, -1.5, -1.5])
  }

  @Test(
    "Uniform parameters fill their bounds",
    arguments: [
      (Initializer.uniform(bound: 0.5), [100, 50], 0.5), (.fanIn(16), [100, 50], 0.25),
      (.fanIn(0), [100, 50], 1), (.xavierUniform, [100, 50], 0.2),
      (.xavierUniform, [8, 4, 5, 5], 0.02.squareRoot()),
    ])
  func uniform(initial: Initializer, shape: [Int], bound: Double) throws {
    let magnitudes = try values(initial, shape).map { Double(abs($0)) }
    #expect(try #require(magnitudes.max()) <= bound * 1.000001)
    #expect(try #require(magnitudes.max()) > bound * 0.97)
    #expect(abs(magnitudes.reduce(0, +) / Double(magnitudes.count) - bound / 2) < bound * 0.05)
  }

  @Test("Normal parameters have their deviation") func normal() throws {
    let numbers = try values(.normal(deviation: 0.02)).map(Double.init)
    let variance = numbers.map { $0 * $0 }.reduce(0, +) / Double(numbers.count)
    #expect(abs(variance.squareRoot() - 0.02) < 0.001)
  }

  @Test("Glorot's bound needs inputs and outputs") func xavierOfVector() {
    #expect(errorText { try values(.xavierUniform, [3]) }.hasPrefix("Initialising 'p' failed: "))
  }
}
