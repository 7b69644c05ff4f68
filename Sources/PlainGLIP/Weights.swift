import Torch

/// A network's tensors by the authors' names, seen from a path into them.
package struct Weights: Sendable {
  private let tensors: [String: Tensor]
  private let path: String

  /// What the layers of a network have asked a store for.
  package init(_ parameters: Parameters) {
    self.init(Dictionary(parameters.all.map { ($0.name, $0.tensor) }) { $1 })
  }

  /// Tensors of any floating-point type; the network computes in it.
  package init(_ tensors: [String: Tensor]) { self.init(tensors: tensors, path: "") }

  private init(tensors: [String: Tensor], path: String) {
    self.tensors = tensors
    self.path = path
  }

  package static func / (weights: Weights, name: String) -> Weights {
    Weights(tensors: weights.tensors, path: weights.path + name + ".")
  }

  package static func / (weights: Weights, index: Int) -> Weights { weights / "\(index)" }

  func callAsFunction(_ name: String) throws -> Tensor {
    guard let tensor = tensors[path + name] else { throw TorchError.missingParameter(path + name) }
    return tensor
  }

  // MARK: Layers

  /// [..., inputs] -> [..., outputs]
  package func linear(_ name: String, _ x: Tensor) throws -> Tensor {
    try Operators.linear(x, self(name + ".weight"), tensors[path + name + ".bias"])
  }

  /// [B, inputs, h, w] -> [B, outputs, h', w']
  package func convolution(_ name: String, _ x: Tensor, stride: Int = 1, padding: Int = 0) throws -> Tensor {
    try Operators.convolution(
      x, self(name + ".weight"), self(name + ".bias"), [stride, stride], [padding, padding])
  }

  func layerNorm(_ name: String, _ x: Tensor, epsilon: Double = 1e-5) throws -> Tensor {
    let weight = try self(name + ".weight")
    return try Operators.layerNorm(x, weight.shape, weight, self(name + ".bias"), epsilon)
  }

  func groupNorm(_ name: String, _ x: Tensor, groups: Int) throws -> Tensor {
    try Operators.groupNorm(x, groups, self(name + ".weight"), self(name + ".bias"), 1e-5)
  }
}

enum Operators {
  static let linear = Operator("aten::linear")
  static let convolution = Operator("aten::conv2d")
  static let layerNorm = Operator("aten::layer_norm")
  static let groupNorm = Operator("aten::group_norm")
  static let embedding = Operator("aten::embedding")
  static let gridSample = Operator("aten::grid_sampler_2d")
}
