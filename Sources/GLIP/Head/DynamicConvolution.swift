import Torch

/// One block of the dynamic head: deformable convolutions across neighbouring levels, weighed per level, and a
/// dynamic activation (Dai et al., "Dynamic Head", CVPR 2021).
struct DynamicConvolution: Sendable {
  /// [0] reads the coarser level, [1] the level itself, [2] the finer one.
  private let convolutions: [DeformableBlock]
  /// Offsets (18 channels) and masks (9) of the 3x3 taps.
  private let offset: Convolution
  /// Weighs a term against the others by its mean over the picture.
  private let attention: Convolution
  private let activation: DynamicReLU
  private let name: String

  private static let taps = 9

  /// - Parameter name: prefix of what a trace calls this block.
  init(_ scope: Scope, channels: Int, groups: Int, name: String) throws {
    self.name = name
    convolutions = try (0..<3).map { index in
      try DeformableBlock(
        scope / "DyConv" / index, channels: channels, groups: groups, stride: index == 2 ? 2 : 1)
    }
    attention = try Convolution(
      scope / "AttnConv" / 1, inputs: channels, outputs: 1, kernel: 1, initial: .normal(deviation: 0.01),
      initialBias: .constant(0))
    activation = try DynamicReLU(scope / "relu", channels: channels)
    offset = try Convolution(
      scope / "offset", inputs: channels, outputs: 3 * Self.taps, kernel: 3, padding: 1)
  }

  /// P3…P7, [B, C, h, w] each -> the same shapes.
  func callAsFunction(_ levels: [Tensor]) throws -> [Tensor] {
    try levels.indices.map { level in
      let mixed = try mix(levels, at: level)
      Trace.record("\(name)_prerelu_call\(level)", mixed)
      return try activation(mixed)
    }
  }

  private func mix(_ levels: [Tensor], at level: Int) throws -> Tensor {
    let x = levels[level]
    let predicted = try offset(x)
    Trace.record("\(name)_offset_call\(level)", predicted)
    let shift = try predicted.sliced(1, 0..<(2 * Self.taps))
    let mask = try predicted.sliced(1, (2 * Self.taps)..<(3 * Self.taps)).sigmoid()

    var terms = [try convolutions[1](x, offset: shift, mask: mask, trace: "\(name)_DyConv1", call: level)]
    if level > 0 {
      terms.append(
        try convolutions[2](
          levels[level - 1], offset: shift, mask: mask, trace: "\(name)_DyConv2", call: level - 1))
    }
    if level + 1 < levels.count {
      let coarser = levels[level + 1]
      let (height, width) = (coarser.size(2), coarser.size(3))
      let read = try convolutions[0](
        coarser, offset: Self.reviewed(shift, height, width), mask: Self.reviewed(mask, height, width),
        trace: "\(name)_DyConv0", call: level)
      terms.append(try read.upsampledBilinear([x.size(2), x.size(3)], alignCorners: true))
    }

    var sum: Tensor?
    for (index, term) in terms.enumerated() {
      let importance = try attention(term.mean([2, 3], keepingRank: true)).relu()  // [B, 1, 1, 1]
      Trace.record("\(name)_AttnConv_call\(Self.termsBefore(level) + index)", importance)
      let weighted = try term * importance.hardSigmoid()
      sum = try sum.map { try $0 + weighted } ?? weighted
    }
    return try sum.map { try $0 / Double(terms.count) } ?? x
  }

  /// Terms of all finer levels: two on the first level, three on each further one. A trace numbers them through.
  private static func termsBefore(_ level: Int) -> Int { level == 0 ? 0 : 3 * level - 1 }

  /// The first `channels · height · width` values of each picture's map, as if it had that size.
  ///
  /// The authors' kernel reads the offsets of the finer level as raw memory with the coarser level's size. The
  /// released weights were trained with that, so it has to be repeated (Documentation/architecture.md, "Quirks").
  private static func reviewed(_ map: Tensor, _ height: Int, _ width: Int) throws -> Tensor {
    let (batch, channels) = (map.size(0), map.size(1))
    return try map.contiguous().reshaped(batch, -1)
      .sliced(1, 0..<(channels * height * width))
      .reshaped(batch, channels, height, width)
  }
}

/// A modulated deformable 3x3 convolution (Zhu et al., "Deformable ConvNets v2", CVPR 2019) and its norm.
private struct DeformableBlock: Sendable {
  private let convolution: Convolution
  private let norm: GroupNorm

  init(_ scope: Scope, channels: Int, groups: Int, stride: Int) throws {
    convolution = try Convolution(
      scope / "conv", inputs: channels, outputs: channels, kernel: 3, stride: stride, padding: 1,
      initialBias: .constant(0))
    norm = try GroupNorm(scope / "bn", channels: channels, groups: groups)
  }

  func callAsFunction(_ x: Tensor, offset: Tensor, mask: Tensor, trace: String, call: Int) throws -> Tensor {
    let convolved = try deformableConvolution(
      x, weight: convolution.weight, offset: offset, mask: mask, bias: convolution.bias,
      stride: convolution.stride, padding: convolution.padding)
    Trace.record("\(trace)_conv_call\(call)", convolved)
    let normalized = try norm(convolved)
    Trace.record("\(trace)_call\(call)", normalized)
    return normalized
  }
}

/// The larger of two lines per channel, whose slopes and intercepts depend on the picture (Chen et al., "Dynamic
/// ReLU", ECCV 2020).
package struct DynamicReLU: Sendable {
  private let squeeze: Linear
  private let expand: Linear
  private let channels: Int

  package init(_ scope: Scope, channels: Int) throws {
    self.channels = channels
    squeeze = try Linear(scope / "fc" / 0, inputs: channels, outputs: channels / 4)
    expand = try Linear(scope / "fc" / 2, inputs: channels / 4, outputs: 4 * channels)
  }

  /// [B, C, h, w] -> [B, C, h, w]
  package func callAsFunction(_ x: Tensor) throws -> Tensor {
    let pooled = try x.mean([2, 3])  // [B, C]
    let theta = try expand(squeeze(pooled).relu()).hardSigmoid() - 0.5
    let parts = try theta.reshaped(-1, 4 * channels, 1, 1)
      .split([channels, channels, channels, channels], dimension: 1)
    let first = try x * (parts[0] * 2 + 1) + parts[1]
    let second = try x * (parts[2] * 2) + parts[3]
    return try Tensor.maximum(first, second)
  }
}
