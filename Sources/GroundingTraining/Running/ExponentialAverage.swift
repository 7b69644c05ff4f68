import Torch

/// A second set of parameters that follows those being trained slowly: average ← decay · average + (1 - decay) ·
/// parameter after every step. The authors keep one beside GLIP-T (decay 0.999).
public final class ExponentialAverage: Sendable {
  public let decay: Double
  public let parameters: [(name: String, tensor: Tensor)]

  private static let multiply = Operator("aten::_foreach_mul_.Scalar")
  private static let add = Operator("aten::_foreach_add_.List")

  /// Starts from the parameters as they are.
  public init(of parameters: [(name: String, tensor: Tensor)], decay: Double) throws {
    self.decay = decay
    self.parameters = try withoutGradient {
      try parameters.map { (name: $0.name, tensor: try $0.tensor.detached().clone()) }
    }
  }

  /// - Parameter trained: the same parameters in the same order
  public func update(from trained: [(name: String, tensor: Tensor)]) throws {
    try withoutGradient {
      let averages = parameters.map(\.tensor)
      _ = try Self.multiply.tensors(averages, decay)
      _ = try Self.add.tensors(averages, trained.map(\.tensor), 1 - decay)
      for average in averages { average.noteWrite() }
    }
  }
}
