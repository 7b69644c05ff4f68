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
      scope / "AttnConv" / 1, inputs: channels, outputs: 1, kernel: 1, role: .precise,
      initial: .normal(deviation: 0.01),
      initialBias: .constant(0))
    activation = try DynamicReLU(scope / "relu", channels: channels)
    offset = try Convolution(
      scope / "offset", inputs: channels, outputs: 3 * Self.taps, kernel: 3, padding: 1)
  }

  /// Levels P3…P7 -> levels of the same shapes.
  package func callAsFunction(_ levels: PyramidLevels) throws -> PyramidLevels {
    let maps = try levels.maps
    guard Kernels.apply(to: levels.rows), levels.rows.size(2).isMultiple(of: 4) else {
      return try PyramidLevels(
        maps.indices.map { level in
          let mixed = try mix(maps, at: level)
          Trace.record("\(name)_prerelu_call\(level)", mixed)
          return try activation(mixed)
        })
    }
    let result = try levels.emptyCopy()
    for (level, output) in try result.maps.enumerated() {
      let mean = try mixTiled(maps, at: level, into: output)
      try Trace.record("\(name)_prerelu_call\(level)", output.clone())
      try Kernels.applyLargerLine(of: activation.lines(mean: mean), to: output)
    }
    return result
  }

  private func mix(_ levels: [Tensor], at level: Int) throws -> Tensor {
    let terms = try readings(levels, at: level, offsets: offset(levels[level])).map { try $0.block($0) }
    var sum: Tensor?
    for (index, term) in terms.enumerated() {
      let importance = try attention(term.mean([2, 3], keepingRank: true)).relu()  // [B, 1, 1, 1]
      Trace.record("\(name)_AttnConv_call\(Self.termsBefore(level) + index)", importance)
      let weighted = try term * importance.hardSigmoid()
      sum = try sum.map { try $0 + weighted } ?? weighted
    }
    return try sum.map { try $0 / Double(terms.count) } ?? levels[level]
  }

  /// The same in one pass over the terms, their norms, importance and sizes taken into account by a factor and a
  /// shift per channel: writes the sum to `output` and returns its mean over all positions, [B, C].
  private func mixTiled(_ levels: [Tensor], at level: Int, into output: Tensor) throws -> Tensor {
    let offsets = try Kernels.convolution(levels[level], offset.matrix, planar: true, dtype: .float32)
    let terms = try readings(levels, at: level, offsets: offsets).map { try $0.block.tiled($0) }
    var factors: [Tensor] = []
    var constant = try Tensor.zeros([output.size(0), output.size(1)])
    for (index, term) in terms.enumerated() {
      let importance = try attention(term.mean.unsqueezed(-1).unsqueezed(-1)).relu()
      Trace.record("\(name)_AttnConv_call\(Self.termsBefore(level) + index)", importance)
      let share = try importance.hardSigmoid().reshaped(-1, 1) / Double(terms.count)
      factors.append(try term.factor * share)
      constant = try constant + term.shift * share
    }
    return try Kernels.mix(into: output, terms.map(\.map), factors: factors, constant: constant)
  }

  /// What a level gathers: itself, the finer and the coarser level, where there are such.
  ///
  /// - Parameter offsets: what the level's positions say of all three, [B, 27, h, w]
  private func readings(_ levels: [Tensor], at level: Int, offsets: Tensor) throws -> [Reading] {
    Trace.record("\(name)_offset_call\(level)", offsets)
    let shift = try offsets.sliced(1, 0..<(2 * Self.taps))
    let mask = try offsets.sliced(1, (2 * Self.taps)..<(3 * Self.taps)).sigmoid()
    let size = [levels[level].size(2), levels[level].size(3)]
    func reading(_ block: Int, _ source: Int, _ shift: Tensor, _ mask: Tensor, call: Int) -> Reading {
      Reading(
        block: convolutions[block], map: levels[source], offset: shift, mask: mask, size: size,
        trace: "\(name)_DyConv\(block)", call: call)
    }
    var readings = [reading(1, level, shift, mask, call: level)]
    if level > 0 { readings.append(reading(2, level - 1, shift, mask, call: level - 1)) }
    if level + 1 < levels.count {
      let (height, width) = (levels[level + 1].size(2), levels[level + 1].size(3))
      readings.append(
        reading(
          0, level + 1, try Self.reviewed(shift, height, width), try Self.reviewed(mask, height, width),
          call: level))
    }
    return readings
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

/// A convolution of one level for another.
private struct Reading {
  let block: DeformableBlock
  let map: Tensor
  /// [B, 18, h, w] and [B, 9, h, w] for the convolution's outputs.
  let offset, mask: Tensor
  /// Height and width of the level that reads; what is smaller is resized.
  let size: [Int]
  let trace: String
  let call: Int
}

/// A modulated deformable 3x3 convolution (Zhu et al., "Deformable ConvNets v2", CVPR 2019) and its norm.
private struct DeformableBlock: Sendable {
  private let convolution: Convolution
  private let norm: GroupNorm

  init(_ scope: Scope, channels: Int, groups: Int, stride: Int) throws {
    convolution = try Convolution(
      scope / "conv", inputs: channels, outputs: channels, kernel: 3, stride: stride, padding: 1,
      role: .quantizable, initialBias: .constant(0))
    norm = try GroupNorm(scope / "bn", channels: channels, groups: groups)
  }

  /// [B, C, h, w] of the reading's size.
  func callAsFunction(_ reading: Reading) throws -> Tensor {
    try convolution.observe(reading.map)
    let convolved = try deformableConvolution(
      reading.map, weight: convolution.weight, offset: reading.offset, mask: reading.mask,
      bias: convolution.bias, stride: convolution.stride, padding: convolution.padding)
    Trace.record("\(reading.trace)_conv_call\(reading.call)", convolved)
    let normalized = try norm(convolved)
    Trace.record("\(reading.trace)_call\(reading.call)", normalized)
    guard [normalized.size(2), normalized.size(3)] != reading.size else { return normalized }
    return try normalized.upsampledBilinear(reading.size, alignCorners: true)
  }

  /// A convolved map whose norm, and whose resizing, are still to come.
  struct RawTerm {
    let map: Tensor
    /// The norm, [B, C] each.
    let factor, shift: Tensor
    /// Of the normalised and resized map, [B, C].
    let mean: Tensor
  }

  func tiled(_ reading: Reading) throws -> RawTerm {
    let (height, width) = (reading.offset.size(2), reading.offset.size(3))
    // Resizing counts some positions more often than others.
    let shares =
      try [height, width] == reading.size
      ? nil
      : Tensor(Self.shares(of: height, in: reading.size[0])).unsqueezed(1)
        * Tensor(Self.shares(of: width, in: reading.size[1]))
    let (map, moments) = try Kernels.deformableConvolution(
      reading.map, convolution.matrix, offset: reading.offset, mask: reading.mask, shares: shares,
      stride: convolution.stride)
    Trace.record("\(reading.trace)_conv_call\(reading.call)", map)
    let (factor, shift, mean) = try Kernels.factors(of: norm, moments: moments, positions: height * width)
    try Trace.record(
      "\(reading.trace)_call\(reading.call)",
      map.to(.float32) * factor.unsqueezed(-1).unsqueezed(-1) + shift.unsqueezed(-1).unsqueezed(-1))
    return RawTerm(map: map, factor: factor, shift: shift, mean: mean)
  }

  /// How much each of `count` positions in a row weighs in the mean of the `finer` ones that are interpolated between
  /// them with corners aligned; 1 on average.
  private static func shares(of count: Int, in finer: Int) -> [Float] {
    var shares = [Float](repeating: 0, count: count)
    let step = finer > 1 ? Float(count - 1) / Float(finer - 1) : 0
    for index in 0..<finer {
      let place = step * Float(index)
      let first = min(Int(place), count - 1)
      shares[first] += 1 - (place - Float(first))
      shares[min(first + 1, count - 1)] += place - Float(first)
    }
    return shares.map { $0 * Float(count) / Float(finer) }
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
    squeeze = try Linear(scope / "fc" / 0, inputs: channels, outputs: channels / 4, role: .precise)
    expand = try Linear(scope / "fc" / 2, inputs: channels / 4, outputs: 4 * channels, role: .precise)
  }

  /// [B, C, h, w] -> [B, C, h, w]
  package func callAsFunction(_ x: Tensor) throws -> Tensor {
    let parts = try lines(mean: x.mean([2, 3])).unsqueezed(-1).unsqueezed(-1)
    let first = try x * parts.selected(1, 0) + parts.selected(1, 1)
    let second = try x * parts.selected(1, 2) + parts.selected(1, 3)
    return try Tensor.maximum(first, second)
  }

  /// Slope and intercept of the first and of the second line, [B, 4, C], from the map's mean [B, C].
  func lines(mean: Tensor) throws -> Tensor {
    let theta = try (expand(squeeze(mean).relu()).hardSigmoid() - 0.5).reshaped(-1, 4, channels)
    let scale = try Tensor([Float(2), 1, 2, 1], shape: [4, 1]).to(theta.dtype, device: theta.device)
    let start = try Tensor([Float(1), 0, 0, 0], shape: [4, 1]).to(theta.dtype, device: theta.device)
    return try theta * scale + start
  }
}
