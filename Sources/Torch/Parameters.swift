import Synchronization

/// Where a model's parameters come from: a checkpoint, an initialisation, a recipe.
public protocol ParameterSource: Sendable {
  /// The value of one parameter.
  ///
  /// - Parameters:
  ///   - name: the path in the authors' checkpoints, `backbone.body.patch_embed.proj.weight`.
  ///   - initial: how a new model starts this parameter.
  /// - Throws: if the source has no such parameter, or has it in another shape.
  func parameter(_ name: String, shape: [Int], initial: Initializer) throws -> Tensor
}

/// The parameters of one model by name, collected while its layers are made.
///
/// Layers are made from a `Scope` of this store, so that making, loading and naming are one thing; whatever needs
/// parameters afterwards (saving, freezing by prefix, learning rates) works on `all`.
public final class Parameters: Sendable {
  private let source: any ParameterSource
  private let device: Device
  private let matrixType: DType
  private let keepsInt8: Bool
  private let made = Mutex<[(name: String, tensor: Tensor, isMatrix: Bool)]>([])

  /// - Parameters:
  ///   - source: the values
  ///   - device: where the parameters are to be
  ///   - matrixType: element type of the weights of linear layers, convolutions and tables; all others, which are
  ///     small and matter more, are float32
  ///   - keepsInt8: whether weights that the source holds quantised stay so
  public init(
    from source: any ParameterSource, device: Device = .cpu, matrixType: DType = .float32,
    keepsInt8: Bool = false
  ) {
    self.keepsInt8 = keepsInt8
    self.source = source
    self.device = device
    self.matrixType = matrixType
  }

  /// Names and tensors in the order in which the layers asked for them, and whether they are large weights.
  public var all: [(name: String, tensor: Tensor, isMatrix: Bool)] { made.withLock { $0 } }

  /// The empty path.
  public var root: Scope { Scope(parameters: self, path: "") }

  fileprivate func make(
    _ name: String, shape: [Int], initial: Initializer, isMatrix: Bool
  ) throws -> Tensor {
    var value = try source.parameter(name, shape: shape, initial: initial)
    guard value.shape == shape else {
      throw TorchError.wrongShape(parameter: name, expected: shape, found: value.shape)
    }
    var dtype = isMatrix ? matrixType : .float32
    if isMatrix, value.dtype == .int8 {
      if keepsInt8 {
        dtype = .int8
      } else {
        value = try Quantization(of: name, source, weight: value).weight(value)
      }
    }
    // A tensor that stays as it is knows the file that it lies in.
    let isAsWanted = value.dtype == dtype && value.device == device
    let tensor = try isAsWanted ? value : value.to(dtype, device: device)
    if !isAsWanted { value.forgetMappedBytes() }
    made.withLock { $0.append((name, tensor, isMatrix)) }
    return tensor
  }

  /// What belongs to the weight `name`, if it is kept as int8.
  fileprivate func quantization(of name: String, _ weight: Tensor) throws -> Quantization? {
    guard weight.dtype == .int8 else { return nil }
    let quantization = try Quantization(of: name, source, weight: weight)
    made.withLock { $0 += quantization.parameters(of: name).map { ($0, $1, false) } }
    return quantization
  }
}

/// A path into a parameter store: `scope / "blocks" / 3`.
public struct Scope: Sendable {
  fileprivate let parameters: Parameters
  public let path: String

  public static func / (scope: Scope, name: String) -> Scope {
    Scope(parameters: scope.parameters, path: scope.path.isEmpty ? name : "\(scope.path).\(name)")
  }

  public static func / (scope: Scope, index: Int) -> Scope { scope / "\(index)" }

  /// The parameter `path.name`, float32.
  public func parameter(_ name: String, _ shape: [Int], _ initial: Initializer) throws -> Tensor {
    try parameters.make((self / name).path, shape: shape, initial: initial, isMatrix: false)
  }

  /// What belongs to the weight `path.name`, if it is kept as int8.
  func quantization(of name: String, _ weight: Tensor) throws -> Quantization? {
    try parameters.quantization(of: (self / name).path, weight)
  }

  /// The parameter `path.name`, of the store's type for large weights.
  public func matrix(_ name: String, _ shape: [Int], _ initial: Initializer) throws -> Tensor {
    try parameters.make((self / name).path, shape: shape, initial: initial, isMatrix: true)
  }
}

/// How a parameter starts in a new model.
public enum Initializer: Sendable, Hashable {
  case constant(Double)
  case normal(deviation: Double)
  case uniform(bound: Double)
  /// Uniform within Glorot's bound √(6 / (in + out)), "Understanding the difficulty of training deep feedforward
  /// neural networks", 2010; of a convolution, in and out count the kernel's positions.
  case xavierUniform

  /// PyTorch's default for linear and convolution weights: ± 1/√(inputs per output).
  public static func fanIn(_ inputs: Int) -> Initializer {
    .uniform(bound: 1 / Double(max(inputs, 1)).squareRoot())
  }

  /// Uniform with the variance 1/(inputs per output), which keeps that of what passes (He et al., ICCV 2015, without the
  /// factor for rectifiers).
  public static func kaimingUniform(_ inputs: Int) -> Initializer {
    .uniform(bound: (3 / Double(max(inputs, 1))).squareRoot())
  }

  /// How BERT and Swin start their matrices and tables.
  public static let transformer = Initializer.normal(deviation: 0.02)
}

/// New parameters, drawn from a seed in the order in which they are asked for.
public final class FreshParameters: ParameterSource {
  private let generator: Mutex<Generator>

  public init(seed: UInt64) throws { generator = Mutex(try Generator(seed: seed)) }

  public func parameter(_ name: String, shape: [Int], initial: Initializer) throws -> Tensor {
    func uniform(_ bound: Double) throws -> Tensor {
      try generator.withLock { try Tensor.randomUniform(shape, generator: $0) * (2 * bound) - bound }
    }
    switch initial {
    case .constant(let value): return try Tensor.full(shape, value)
    case .normal(let deviation):
      return try generator.withLock { try Tensor.randomNormal(shape, generator: $0) * deviation }
    case .uniform(let bound): return try uniform(bound)
    case .xavierUniform:
      guard shape.count >= 2 else {
        throw TorchError.failed(
          action: "Initialising '\(name)'", message: "the shape \(shape) has no inputs and outputs")
      }
      let fans = (shape[0] + shape[1]) * shape.dropFirst(2).reduce(1, *)
      return try uniform((6 / Double(max(fans, 1))).squareRoot())
    }
  }
}
