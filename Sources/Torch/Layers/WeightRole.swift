/// How exact a layer's weight has to be.
public enum WeightRole: Sendable {
  /// float32 always: small, and what follows depends on every digit.
  case precise
  /// Of the type of the model's large weights.
  case large
  /// The same, and may be int8.
  case quantizable
}

extension Scope {
  /// The weight of a layer, and what it means if it is quantised.
  func weight(
    _ shape: [Int], _ initial: Initializer, _ role: WeightRole
  ) throws -> (weight: Tensor, quantization: Quantization?) {
    let weight = try role == .precise ? parameter("weight", shape, initial) : matrix("weight", shape, initial)
    return (weight, try quantization(of: "weight", weight))
  }
}
