enum GLIPOps { static let deform = Operator("glip::deform_conv2d") }
/// x
public func deformableConvolution(
  _ input: Tensor, weight: Tensor, offset: Tensor, mask: Tensor, bias: Tensor?, stride: Int, padding: Int
) throws -> Tensor {
  try GLIPOps.deform(input, weight, offset, mask, bias, [stride, stride], [padding, padding])
}
