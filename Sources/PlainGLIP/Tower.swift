import GLIP
import Torch

/// P3…P7 and words after all blocks of fusion, BERT layer and DyHead.
func tower(
  _ weights: Weights, _ levels: [Tensor], words: Tensor, padding: Tensor, _ configuration: GLIPConfiguration
) throws -> (levels: [Tensor], words: Tensor) {
  let head = configuration.head
  var (levels, words) = (levels, words)
  for block in 0..<head.blocks {
    if head.fusion {
      (levels, words) = try StageClock.time(.fusion) {
        let visual = try Tensor.concatenated(
          levels.map { try $0.flattened(from: 2).transposed(1, 2) }, dimension: 1)
        let fused = try textbookFusion(
          weights / (3 * block), visual: visual, language: words, padding: padding, heads: head.fusionHeads)
        let parts = try fused.visual.split(levels.map { $0.size(2) * $0.size(3) }, dimension: 1)
        let maps = try zip(parts, levels).map { try $0.transposed(1, 2).reshaped($1.shape) }
        return (maps, fused.language)
      }
      words = try StageClock.time(.languageLayers) {
        try bertLayer(
          weights / (3 * block + 1), words, padding: padding, heads: configuration.bert.heads, limit: limit)
      }
    }
    levels = try StageClock.time(.convolutions) {
      try dynamicConvolutions(weights / (head.fusion ? 3 * block + 2 : block), levels, groups: head.groups)
    }
  }
  return (levels, words)
}

/// One DyHead block (Dai et al., CVPR 2021): P3…P7, [B, C, h, w] -> the same shapes.
func dynamicConvolutions(_ weights: Weights, _ levels: [Tensor], groups: Int) throws -> [Tensor] {
  func convolved(_ kind: Int, _ x: Tensor, _ offset: Tensor, _ mask: Tensor) throws -> Tensor {
    let term = weights / "DyConv" / kind
    let y = try plainDeformableConvolution(
      x, weight: term("conv.weight"), bias: term("conv.bias"), offset: offset, mask: mask,
      stride: kind == 2 ? 2 : 1)
    return try term.groupNorm("bn", y, groups: groups)
  }
  return try levels.enumerated().map { index, x in
    let predicted = try weights.convolution("offset", x, padding: 1)
    let offset = try predicted.sliced(1, 0..<18)
    let mask = try predicted.sliced(1, 18..<27).sigmoid()
    var terms = [try convolved(1, x, offset, mask)]
    if index > 0 { terms.append(try convolved(2, levels[index - 1], offset, mask)) }
    if index + 1 < levels.count {
      // The finer map's offsets, read as if they were laid out for the coarser map (architecture.md, "Quirks").
      let coarser = levels[index + 1]
      func reviewed(_ map: Tensor) throws -> Tensor {
        let shape = [map.size(0), map.size(1), coarser.size(2), coarser.size(3)]
        return try map.flattened(from: 1).sliced(1, 0..<(shape[1] * shape[2] * shape[3])).reshaped(shape)
      }
      let read = try convolved(0, coarser, reviewed(offset), reviewed(mask))
      terms.append(try read.upsampledBilinear([x.size(2), x.size(3)], alignCorners: true))
    }
    let weighted = try terms.map { term in
      try term * weights.convolution("AttnConv.1", term.mean([2, 3], keepingRank: true)).relu().hardSigmoid()
    }
    return try dynamicReLU(weights / "relu.fc", Tensor.stacked(weighted).mean([0]))
  }
}

/// The larger of two lines per channel that depend on the picture (Chen et al., ECCV 2020).
private func dynamicReLU(_ weights: Weights, _ x: Tensor) throws -> Tensor {
  let theta = try weights.linear("2", weights.linear("0", x.mean([2, 3])).relu()).hardSigmoid() - 0.5
  let channels = x.size(1)
  let parts = try theta.reshaped(-1, 4 * channels, 1, 1)
    .split([channels, channels, channels, channels], dimension: 1)
  return try Tensor.maximum(x * (parts[0] * 2 + 1) + parts[1], x * (parts[2] * 2) + parts[3])
}
