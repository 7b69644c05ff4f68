private enum GLIPOperators {
  static let deformableConvolution = Operator("glip::deform_conv2d")
  static let limitCPUCapability = Operator("glip::limit_cpu_capability")
}

/// Modulated deformable convolution ("Deformable ConvNets v2", Zhu et al., CVPR 2019): a convolution each of
/// whose taps reads, at every position, from where an offset points and with the strength a mask gives.
///
/// `output(y, x) = bias + Σₖ weightₖ · maskₖ(y, x) · input(y·stride − padding + iₖ + dyₖ, x·stride − padding + jₖ + dxₖ)`,
/// the input read bilinearly and zero outside. Differentiable once in every tensor. On the CPU a kernel of the
/// project computes it in the input's type with float32 sums (float16 in float32), and is fastest when input and
/// weight are channels-last; elsewhere, and for float64, it is composed of libtorch's operators.
///
/// - Parameters:
///   - input: [B, C, H, W].
///   - weight: [O, C, kh, kw]; converted to the input's type.
///   - offset: [B, 2·kh·kw, h, w] in pixels of the input; channel 2k is dy and 2k + 1 dx of tap k = i·kw + j.
///     Taken as float32, whatever the input's type.
///   - mask: [B, kh·kw, h, w]; taken as float32.
///   - bias: [O].
/// - Returns: [B, O, h, w] of the input's type, h = ⌊(H + 2·padding − kh) / stride⌋ + 1 and w likewise.
/// - Throws: `TorchError` naming the tensor whose shape does not fit.
public func deformableConvolution(
  _ input: Tensor, weight: Tensor, offset: Tensor, mask: Tensor, bias: Tensor? = nil, stride: Int = 1,
  padding: Int = 0
) throws -> Tensor {
  guard input.device.isCPU, input.dtype != .float64 else {
    return try deformableConvolutionComposite(
      input, weight: weight, offset: offset, mask: mask, bias: bias, stride: stride, padding: padding)
  }
  return try GLIPOperators.deformableConvolution(
    input, weight, offset, mask, bias, [stride, stride], [padding, padding])
}

/// `deformableConvolution` made of libtorch's operators, for any device. Holds a few copies of the input for every
/// tap, so the kernel is preferred where there is one.
package func deformableConvolutionComposite(
  _ input: Tensor, weight: Tensor, offset: Tensor, mask: Tensor, bias: Tensor? = nil, stride: Int = 1,
  padding: Int = 0
) throws -> Tensor {
  let dtype = input.dtype == .float64 ? DType.float64 : .float32
  let pixels = try input.to(dtype)
  let grid = try SamplingGrid(
    input: pixels, weight: weight, offset: offset.to(dtype), mask: mask.to(dtype), stride: stride,
    padding: padding)
  // [B, C·taps, h·w], in the order of the weight's last three dimensions.
  let columns = try grid.sample(pixels).flattened(from: 1, through: 2)
  var output = try weight.to(dtype).flattened(from: 1).matmul(columns)
  if let bias { output = try output + bias.to(dtype).unsqueezed(1) }
  return try output.reshaped([input.size(0), weight.size(0), grid.height, grid.width]).to(input.dtype)
}

/// Where each tap reads at each output position, and with what strength.
private struct SamplingGrid {
  let height, width: Int
  /// For each of the four pixels around a deformed position: its index into a picture, int64, and its share, both
  /// [B, 1, taps·h·w] (the share of a pixel outside is zero).
  let corners: [(index: Tensor, share: Tensor)]
  let taps: Int

  init(input: Tensor, weight: Tensor, offset: Tensor, mask: Tensor, stride: Int, padding: Int) throws {
    guard input.rank == 4, weight.rank == 4, weight.size(1) == input.size(1), stride > 0, padding >= 0 else {
      throw Self.misfit("the weight \(weight) and stride \(stride) do not fit the input \(input)")
    }
    let (batch, inputHeight, inputWidth) = (input.size(0), input.size(2), input.size(3))
    let (rows, columns) = (weight.size(2), weight.size(3))
    guard rows <= inputHeight + 2 * padding, columns <= inputWidth + 2 * padding else {
      throw Self.misfit("the kernel of \(weight) is larger than the padded input \(input)")
    }
    height = (inputHeight + 2 * padding - rows) / stride + 1
    width = (inputWidth + 2 * padding - columns) / stride + 1
    taps = rows * columns
    for (name, map, channels) in [("offset", offset, 2 * taps), ("mask", mask, taps)] {
      let expected = [batch, channels, height, width]
      guard map.shape == expected else {
        throw Self.misfit("the \(name) \(map) must be \(expected) for the input \(input)")
      }
    }

    let (dtype, device) = (input.dtype, input.device)
    func steps(_ count: Int, _ shape: Int...) throws -> Tensor {
      try Tensor.arange(0..<count, dtype: dtype, device: device).reshaped(shape)
    }
    let moves = try offset.reshaped(batch, taps, 2, height, width)
    let tapRow = try steps(rows, rows, 1).expanded([rows, columns]).reshaped(taps, 1, 1)
    let tapColumn = try steps(columns, 1, columns).expanded([rows, columns]).reshaped(taps, 1, 1)
    let shift = Double(padding)
    var y = try steps(height, 1, height, 1) * Double(stride) - shift + tapRow + moves.selected(2, 0)
    var x = try steps(width, 1, 1, width) * Double(stride) - shift + tapColumn + moves.selected(2, 1)
    let inside = try y > -1 && y < Double(inputHeight) && x > -1 && x < Double(inputWidth)
    // Offsets may be anything; only those that point inside may become indices.
    let zero = try Tensor.zeros([], dtype: dtype, device: device)
    y = try inside.choosing(y, else: zero)
    x = try inside.choosing(x, else: zero)
    let (top, left) = try (y.detached().floored(), x.detached().floored())
    let (down, right) = try (y - top, x - left)
    corners = try [(0.0, 0.0), (0, 1), (1, 0), (1, 1)].map { i, j in
      let (row, column) = try (top + i, left + j)
      let here =
        try inside && row >= 0 && row < Double(inputHeight) && column >= 0 && column < Double(inputWidth)
      let index =
        try row.clamped(min: 0, max: Double(inputHeight - 1)) * Double(inputWidth)
        + column.clamped(min: 0, max: Double(inputWidth - 1))
      let share = try (i == 0 ? -down + 1 : down) * (j == 0 ? -right + 1 : right) * mask
      return try (
        index.to(.int64).reshaped(batch, 1, -1), here.choosing(share, else: zero).reshaped(batch, 1, -1)
      )
    }
  }

  /// [B, C, H, W] -> [B, C, taps, h·w]
  func sample(_ input: Tensor) throws -> Tensor {
    let (batch, channels) = (input.size(0), input.size(1))
    let pixels = try input.flattened(from: 2)
    let positions = taps * height * width
    var sum = try Tensor.zeros([], dtype: input.dtype, device: input.device)
    for (index, share) in corners {
      sum = try sum + pixels.gathered(index.expanded([batch, channels, positions]), dimension: 2) * share
    }
    return try sum.reshaped(batch, channels, taps, height * width)
  }

  private static func misfit(_ message: String) -> TorchError {
    .failed(action: "A deformable convolution", message: message)
  }
}

extension Runtime {
  /// Lets the project's kernels use no more than `AVX512`, `AVX2` or `DEFAULT`, so that tests reach every variant.
  package static func limitCPUCapability(_ name: String) throws {
    _ = try GLIPOperators.limitCPUCapability.tensors(name)
  }
}
