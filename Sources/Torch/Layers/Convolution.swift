/// A two-dimensional convolution, [B, inputs, h, w] -> [B, outputs, h', w'].
public struct Convolution: Sendable {
  /// [outputs, inputs, kernel, kernel]
  public let weight: Tensor
  /// [outputs]
  public let bias: Tensor?
  public let stride: Int
  public let padding: Int

  public init(
    _ scope: Scope, inputs: Int, outputs: Int, kernel: Int, stride: Int = 1, padding: Int = 0,
    initial: Initializer? = nil, initialBias: Initializer? = nil
  ) throws {
    let fan = Initializer.fanIn(inputs * kernel * kernel)
    weight = try scope.parameter("weight", [outputs, inputs, kernel, kernel], initial ?? fan)
    bias = try scope.parameter("bias", [outputs], initialBias ?? fan)
    self.stride = stride
    self.padding = padding
  }

  public func callAsFunction(_ x: Tensor) throws -> Tensor {
    try ATen.conv2d(x, weight, bias, [stride, stride], [padding, padding])
  }
}
