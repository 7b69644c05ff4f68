/// What is done to the gradients of many tensors between a backward pass and a step. Tensors without a gradient are
/// passed over.
public enum Gradients {
  private static let norms = Operator("aten::_foreach_norm.Scalar")
  private static let multiply = Operator("aten::_foreach_mul_.Tensor")
  private static let vectorNorm = Operator("aten::linalg_vector_norm")

  /// Forgets them.
  public static func clear(_ tensors: [Tensor]) throws {
    for tensor in tensors { try tensor.setGradient(nil) }
  }

  /// The Euclidean length of each tensor's gradient, zero where there is none.
  public static func norms(of tensors: [Tensor]) throws -> [Double] {
    let (present, lengths) = try lengths(of: tensors)
    var norms = [Double](repeating: 0, count: tensors.count)
    guard let lengths else { return norms }
    for (index, length) in zip(present, try lengths.to(.float64).elements(Double.self)) {
      norms[index] = length
    }
    return norms
  }

  /// Scales all gradients by one factor such that together they are at most `limit` long, and returns how long they
  /// were; a length that is not finite makes them useless.
  ///
  /// As PyTorch's `clip_grad_norm_`: the factor is limit / (length + 10⁻⁶), at most 1.
  @discardableResult
  public static func clip(_ tensors: [Tensor], toNorm limit: Double) throws -> Double {
    try withoutGradient {
      guard let lengths = try lengths(of: tensors).lengths else { return 0 }
      let length = try vectorNorm(lengths)
      let factor = try (Tensor.full([], limit, device: length.device) / (length + 1e-6)).clamped(max: 1)
      _ = try multiply.tensors(tensors.compactMap(\.gradient), factor)
      return try length.item()
    }
  }

  /// Which tensors have a gradient, and the lengths of these.
  private static func lengths(of tensors: [Tensor]) throws -> (present: [Int], lengths: Tensor?) {
    let gradients = tensors.map(\.gradient)
    let present = gradients.indices.filter { gradients[$0] != nil }
    guard !present.isEmpty else { return ([], nil) }
    return (present, try .stacked(norms.tensors(gradients.compactMap { $0 }, 2)))
  }
}
