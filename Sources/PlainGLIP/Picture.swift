import GLIP
import Torch

/// Swin Transformer (Liu et al., ICCV 2021): [B, 3, H, W] -> stages 1…3, [B, C, h, w] with strides 8, 16, 32.
package func swin(
  _ weights: Weights, _ pictures: Tensor, _ configuration: SwinConfiguration
) throws -> [Tensor] {
  let embedded = try weights.convolution("patch_embed.proj", pictures, stride: 4).permuted(0, 2, 3, 1)
  var x = try weights.layerNorm("patch_embed.norm", embedded.contiguous())  // [B, h, w, C]
  var outputs: [Tensor] = []
  for (stage, depth) in configuration.depths.enumerated() {
    let layer = weights / "layers" / stage
    for block in 0..<depth {
      x = try swinBlock(
        layer / "blocks" / block, x, heads: configuration.heads[stage], window: configuration.window,
        shift: block.isMultiple(of: 2) ? 0 : configuration.window / 2)
    }
    if stage > 0 {
      outputs.append(try weights.layerNorm("norm\(stage)", x).permuted(0, 3, 1, 2).contiguous())
    }
    if stage + 1 < configuration.depths.count { x = try mergedPatches(layer / "downsample", x) }
  }
  return outputs
}

/// [B, h, w, C] -> the same.
func swinBlock(_ weights: Weights, _ x: Tensor, heads: Int, window: Int, shift: Int) throws -> Tensor {
  let (batch, height, width, channels) = (x.size(0), x.size(1), x.size(2), x.size(3))
  let rows = (height + window - 1) / window
  let columns = (width + window - 1) / window

  var y = try weights.layerNorm("norm1", x)
  y = try y.padded([0, 0, 0, columns * window - width, 0, rows * window - height])
  var mask: Tensor?
  if shift > 0 {
    y = try y.rolled([-shift, -shift], dimensions: [1, 2])
    mask = try shiftMask(height: rows * window, width: columns * window, window: window, shift: shift)
  }
  let windows = try partitioned(y, window)
  let attended = try windowAttention(weights / "attn", windows, heads: heads, window: window, mask: mask)
  y = try attended.reshaped(batch, rows, columns, window, window, channels)
    .permuted(0, 1, 3, 2, 4, 5)
    .reshaped(batch, rows * window, columns * window, channels)
  if shift > 0 { y = try y.rolled([shift, shift], dimensions: [1, 2]) }
  y = try x + y.sliced(1, 0..<height).sliced(2, 0..<width)

  let expanded = try weights.linear("mlp.fc1", weights.layerNorm("norm2", y)).gelu()
  return try y + weights.linear("mlp.fc2", expanded)
}

/// [B, h, w, C] -> [B · windows, window², C]; sides are multiples of the window's.
private func partitioned(_ x: Tensor, _ window: Int) throws -> Tensor {
  let (batch, height, width, channels) = (x.size(0), x.size(1), x.size(2), x.size(3))
  return try x.reshaped(batch, height / window, window, width / window, window, channels)
    .permuted(0, 1, 3, 2, 4, 5)
    .reshaped(-1, window * window, channels)
}

/// [windows, window², window²]: -100 between patches that only the shift made neighbours.
private func shiftMask(height: Int, width: Int, window: Int, shift: Int) throws -> Tensor {
  func part(_ index: Int, _ length: Int) -> Float {
    index < length - window ? 0 : index < length - shift ? 1 : 2
  }
  let parts = (0..<height).flatMap { y in (0..<width).map { 3 * part(y, height) + part($0, width) } }
  let windows = try partitioned(Tensor(parts, shape: [1, height, width, 1]), window)
  return try ((windows - windows.transposed(1, 2)).absolute() > 0).to(.float32) * -100
}

/// [B · windows, window², C] -> the same.
private func windowAttention(
  _ weights: Weights, _ x: Tensor, heads: Int, window: Int, mask: Tensor?
) throws -> Tensor {
  let (count, area, channels) = (x.size(0), x.size(1), x.size(2))
  let width = channels / heads
  let parts = try weights.linear("qkv", x).reshaped(count, area, 3, heads, width).permuted(2, 0, 3, 1, 4)
  let query = try parts.selected(0, 0) * (1 / Double(width).squareRoot())
  let bias = try weights("relative_position_bias_table")
    .picked(Tensor(relativePositions(window)), dimension: 0)
    .reshaped(area, area, heads).permuted(2, 0, 1)
  var scores = try query.matmul(parts.selected(0, 1).transposed(-2, -1)) + bias
  if let mask {
    scores = try scores.reshaped(-1, mask.size(0), heads, area, area) + mask.unsqueezed(1)
    scores = try scores.reshaped(count, heads, area, area)
  }
  let attended = try scores.softmax(-1).matmul(parts.selected(0, 2))
  return try weights.linear("proj", attended.transposed(1, 2).reshaped(count, area, channels))
}

/// For each pair of a window's patches the row of their distance in the table of biases.
private func relativePositions(_ window: Int) -> [Int64] {
  let patches = (0..<(window * window)).map { $0.quotientAndRemainder(dividingBy: window) }
  return patches.flatMap { one in
    patches.map { other in
      let (dy, dx) = (one.quotient - other.quotient, one.remainder - other.remainder)
      return Int64((dy + window - 1) * (2 * window - 1) + dx + window - 1)
    }
  }
}

/// [B, h, w, C] -> [B, ⌈h/2⌉, ⌈w/2⌉, 2C]
private func mergedPatches(_ weights: Weights, _ x: Tensor) throws -> Tensor {
  let padded = try x.padded([0, 0, 0, x.size(2) % 2, 0, x.size(1) % 2])
  let corners = try [(0, 0), (1, 0), (0, 1), (1, 1)].map { row, column in
    try padded.sliced(1, row..<padded.size(1), step: 2).sliced(2, column..<padded.size(2), step: 2)
  }
  return try weights.linear(
    "reduction", weights.layerNorm("norm", Tensor.concatenated(corners, dimension: -1)))
}

/// Feature pyramid (Lin et al., CVPR 2017): strides 8, 16, 32 -> P3…P7, [B, C, h, w].
func pyramid(_ weights: Weights, _ maps: [Tensor]) throws -> [Tensor] {
  var merged = try weights.convolution("fpn_inner4", maps[2])
  var levels = [try weights.convolution("fpn_layer4", merged, padding: 1)]
  for level in [1, 0] {
    let side = try weights.convolution("fpn_inner\(level + 2)", maps[level])
    merged = try side + merged.upsampledNearest([side.size(2), side.size(3)])
    levels.insert(try weights.convolution("fpn_layer\(level + 2)", merged, padding: 1), at: 0)
  }
  // P6 reads P5, not the encoder's last stage.
  let p6 = try weights.convolution("top_blocks.p6", levels[2], stride: 2, padding: 1)
  return levels + [p6, try weights.convolution("top_blocks.p7", p6.relu(), stride: 2, padding: 1)]
}
