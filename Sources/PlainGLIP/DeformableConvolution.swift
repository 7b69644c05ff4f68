import Torch

/// Modulated deformable 3x3 convolution with padding 1: the input is resampled for every tap, and a product with the
/// weights adds the taps up. Of the ways to write it with libtorch's operators alone this is the fastest on a CPU
/// (gathers of the four neighbours take three times as long).
///
/// - Parameters:
///   - x: [B, C, H, W]
///   - weight: [O, C, 3, 3]
///   - offset: [B, 18, h, w], dy and dx of each tap in turn
///   - mask: [B, 9, h, w]
/// - Returns: [B, O, h, w]
package func plainDeformableConvolution(
  _ x: Tensor, weight: Tensor, bias: Tensor, offset: Tensor, mask: Tensor, stride: Int
) throws -> Tensor {
  let (batch, channels) = (x.size(0), x.size(1))
  let (height, width) = (offset.size(2), offset.size(3))
  let rows = try Tensor.arange(0..<height, dtype: .float32).reshaped(height, 1) * Double(stride)
  let columns = try Tensor.arange(0..<width, dtype: .float32) * Double(stride)
  let samples = try (0..<9).map { tap in
    let row = try rows + Double(tap / 3 - 1) + offset.selected(1, 2 * tap)
    let column = try columns + Double(tap % 3 - 1) + offset.selected(1, 2 * tap + 1)
    // The operator counts pixels' centres from -1 to 1 between the picture's edges.
    let grid = try Tensor.stacked(
      [(column * 2 + 1) / Double(x.size(3)) - 1, (row * 2 + 1) / Double(x.size(2)) - 1], dimension: -1)
    return try Operators.gridSample(x, grid, bilinear, zeros, false) * mask.sliced(1, tap..<(tap + 1))
  }
  let taps = try Tensor.stacked(samples, dimension: 2).reshaped(batch, channels * 9, height * width)
  let product = try weight.flattened(from: 1).matmul(taps)
  return try (product + bias.unsqueezed(1)).reshaped(batch, -1, height, width)
}

/// The operator's numbers for its kinds of interpolation and of what is outside.
private let (bilinear, zeros) = (0, 0)
