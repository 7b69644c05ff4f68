/// Layer normalisation over the last dimension.
public struct LayerNorm: Sendable {
  public let weight: Tensor
  public let bias: Tensor
  public let epsilon: Double

  public init(_ scope: Scope, width: Int, epsilon: Double = 1e-5) throws {
    weight = try scope.parameter("weight", [width], .constant(1))
    bias = try scope.parameter("bias", [width], .constant(0))
    self.epsilon = epsilon
  }

  public func callAsFunction(_ x: Tensor) throws -> Tensor {
    try ATen.layerNorm(x, weight.shape, weight, bias, epsilon)
  }
}

/// Group normalisation of [B, C, h, w] over groups of channels and all positions.
public struct GroupNorm: Sendable {
  public let weight: Tensor
  public let bias: Tensor
  public let groups: Int
  public let epsilon: Double

  public init(_ scope: Scope, channels: Int, groups: Int, epsilon: Double = 1e-5) throws {
    weight = try scope.parameter("weight", [channels], .constant(1))
    bias = try scope.parameter("bias", [channels], .constant(0))
    self.groups = groups
    self.epsilon = epsilon
  }

  public func callAsFunction(_ x: Tensor) throws -> Tensor {
    try ATen.groupNorm(x, groups, weight, bias, epsilon)
  }
}
