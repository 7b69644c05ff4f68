import Testing
import Torch

/// Layers against their definitions, written with elementary operators.
@Suite struct LayerTests {
  private let parameters: Parameters
  private let generator: Generator

  init() throws {
    parameters = try Parameters(from: FreshParameters(seed: 11))
    generator = try Generator(seed: 12)
  }

  private func normal(_ shape: Int...) throws -> Tensor {
    try Tensor.randomNormal(shape, generator: generator)
  }

  /// A new layer's scale and shift are 1 and 0, which would hide what they do.
  private func disturb(_ layer: Tensor...) throws {
    for tensor in layer { try tensor.copy(from: Tensor.randomNormal(tensor.shape, generator: generator)) }
  }

  @Test("Linear is x Wᵀ + b, with or without b", arguments: [true, false])
  func linear(bias: Bool) throws {
    let layer = try Linear(parameters.root, inputs: 5, outputs: 3, bias: bias)
    let x = try normal(2, 4, 5)
    var expected = try x.matmul(layer.weight.transposed(0, 1))
    if let shift = layer.bias { expected = try expected + shift }
    #expect((layer.bias != nil) == bias)
    #expect(try difference(layer(x), expected) < 1e-6)
    #expect(try layer.weight.absolute().maximum([0, 1]).item() <= 1 / 5.0.squareRoot())
    #expect(throws: TorchError.self) { try layer(Tensor.zeros([2, 4])) }
  }

  @Test("A convolution is the sum over its taps", arguments: [(3, 1, 1), (3, 2, 1), (4, 4, 0), (1, 1, 0)])
  func convolution(kernel: Int, stride: Int, padding: Int) throws {
    let layer = try Convolution(
      parameters.root, inputs: 3, outputs: 2, kernel: kernel, stride: stride, padding: padding)
    let x = try normal(2, 3, 9, 8)
    let padded = try x.padded([padding, padding, padding, padding])
    let found = try layer(x)
    let (height, width) = (found.size(2), found.size(3))
    var expected = try #require(layer.bias).reshaped(1, 2, 1, 1).expanded(found.shape)
    for row in 0..<kernel {
      for column in 0..<kernel {
        let pixels =
          try padded
          .sliced(2, row..<row + (height - 1) * stride + 1, step: stride)
          .sliced(3, column..<column + (width - 1) * stride + 1, step: stride)
        // [2, h, w, 3] x [3, 2]
        let weight = try layer.weight.selected(3, column).selected(2, row).transposed(0, 1)
        expected = try expected + pixels.permuted(0, 2, 3, 1).matmul(weight).permuted(0, 3, 1, 2)
      }
    }
    #expect(height == (9 + 2 * padding - kernel) / stride + 1)
    #expect(try difference(found, expected) < 1e-5)
  }

  private func normalised(_ x: Tensor, over dimensions: [Int], epsilon: Double) throws -> Tensor {
    let centred = try x - x.mean(dimensions, keepingRank: true)
    let variance = try (centred * centred).mean(dimensions, keepingRank: true)
    return try centred / (variance + epsilon).squareRoot()
  }

  @Test("Layer normalisation is over the last dimension", arguments: [1e-5, 0.1])
  func layerNorm(epsilon: Double) throws {
    let layer = try LayerNorm(parameters.root, width: 6, epsilon: epsilon)
    let x = try normal(2, 3, 6) * 2 + 1
    #expect(try difference(layer(x), normalised(x, over: [2], epsilon: epsilon)) < 1e-5)
    try disturb(layer.weight, layer.bias)
    let expected = try normalised(x, over: [2], epsilon: epsilon) * layer.weight + layer.bias
    #expect(try difference(layer(x), expected) < 1e-5)
  }

  @Test("Group normalisation is over the channels of a group and all positions", arguments: [1, 2, 6])
  func groupNorm(groups: Int) throws {
    let layer = try GroupNorm(parameters.root, channels: 6, groups: groups)
    try disturb(layer.weight, layer.bias)
    let x = try normal(2, 6, 3, 4) * 3 - 1
    let grouped = try normalised(x.reshaped(2, groups, -1), over: [2], epsilon: 1e-5).reshaped(x.shape)
    let expected = try grouped * layer.weight.reshaped(6, 1, 1) + layer.bias.reshaped(6, 1, 1)
    #expect(try difference(layer(x), expected) < 1e-5)
  }

  @Test("An embedding picks rows, and refuses rows that are not there") func embedding() throws {
    let layer = try Embedding(parameters.root, count: 5, width: 3)
    let found = try layer(Tensor([4, 0, 0, 2] as [Int64], shape: [2, 2]))
    #expect(found.shape == [2, 2, 3])
    for (position, row) in [4, 0, 0, 2].enumerated() {
      let expected = try layer.weight.selected(0, row).elements(Float.self)
      #expect(try found.flattened(through: 1).selected(0, position).elements() == expected)
    }
    #expect(throws: TorchError.self) { try layer(Tensor([5] as [Int64])) }
  }
}
