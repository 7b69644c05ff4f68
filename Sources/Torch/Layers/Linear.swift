/// y = x Wᵀ + b over the last dimension.
public struct Linear: Sendable {
  /// [outputs, inputs]
  public let weight: Tensor
  /// [outputs]
  public let bias: Tensor?

  public init(
    _ scope: Scope, inputs: Int, outputs: Int, bias: Bool = true, initial: Initializer? = nil,
    initialBias: Initializer? = nil
  ) throws {
    weight = try scope.parameter("weight", [outputs, inputs], initial ?? .fanIn(inputs))
    self.bias = bias ? try scope.parameter("bias", [outputs], initialBias ?? .fanIn(inputs)) : nil
  }

  public func callAsFunction(_ x: Tensor) throws -> Tensor { try ATen.linear(x, weight, bias) }
}
