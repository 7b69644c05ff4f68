/// Keeps the small gradients of float16 from vanishing: the loss is multiplied by a large number, the gradients are
/// divided by it (Micikevicius et al., "Mixed Precision Training", 2018). The number shrinks when a gradient
/// overflows, and grows when none has for long; the constants are PyTorch's.
///
/// A step: `scaled(loss)`, backward pass, `unscale(parameters)`, clipping and the optimizer's step only where that
/// said yes, `update(isFinite:)`.
public struct GradientScaler: Sendable, Hashable, Codable {
  private static let unscale = Operator("aten::_amp_foreach_non_finite_check_and_unscale_")
  private static let growth = 2.0
  private static let shrinkage = 0.5
  private static let patience = 2000

  /// What the loss is multiplied by.
  public private(set) var scale: Double
  /// Steps without an overflow since the scale last changed.
  public private(set) var finiteSteps = 0

  public init(scale: Double = 65536) { self.scale = scale }

  public func scaled(_ loss: Tensor) throws -> Tensor { try loss * scale }

  /// Divides the gradients by the scale and returns whether they are all finite.
  public func unscale(_ tensors: [Tensor]) throws -> Bool {
    let gradients = tensors.compactMap(\.gradient)
    guard let device = gradients.first?.device else { return true }
    return try withoutGradient {
      let overflow = try Tensor.zeros([1], device: device)
      _ = try Self.unscale.tensors(gradients, overflow, Tensor.full([1], 1 / scale, device: device))
      return try overflow.item() == 0
    }
  }

  /// Adapts the scale after a step.
  public mutating func update(isFinite: Bool) {
    guard isFinite else {
      (scale, finiteSteps) = (scale * Self.shrinkage, 0)
      return
    }
    finiteSteps += 1
    guard finiteSteps == Self.patience else { return }
    finiteSteps = 0
    // Beyond float32 the loss itself would overflow.
    if Float(scale * Self.growth).isFinite { scale *= Self.growth }
  }
}
