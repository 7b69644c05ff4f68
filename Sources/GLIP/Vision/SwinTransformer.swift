import Torch

/// The picture encoder: a hierarchy of transformer blocks that attend within windows, shifted by half a window in
/// every other block (Liu et al., ICCV 2021).
struct SwinTransformer: Sendable {
  private let patchEmbedding: PatchEmbedding
  private let stages: [SwinStage]
  /// Norms of stages 1…3. They apply to what leaves the encoder, not to what the next stage reads; stage 0 has
  /// none, since the pyramid does not use it.
  private let norms: [LayerNorm]

  /// Channels of each stage's output.
  let channels: [Int]

  init(_ scope: Scope, _ configuration: SwinConfiguration) throws {
    let channels = configuration.depths.indices.map { configuration.channels << $0 }
    self.channels = channels
    patchEmbedding = try PatchEmbedding(scope / "patch_embed", channels: channels[0])
    let last = max(configuration.depths.reduce(0, +) - 1, 1)
    stages = try configuration.depths.indices.map { index in
      let before = configuration.depths[..<index].reduce(0, +)
      return try SwinStage(
        scope / "layers" / index, index: index, channels: channels[index], heads: configuration.heads[index],
        window: configuration.window,
        dropPaths: (0..<configuration.depths[index]).map {
          configuration.dropPath * Double(before + $0) / Double(last)
        }, merges: index + 1 < configuration.depths.count)
    }
    norms = try (1..<channels.count).map { try LayerNorm(scope / "norm\($0)", width: channels[$0]) }
  }

  /// [B, 3, H, W] -> the outputs of stages 1…3, [B, C, H/s, W/s] with s = 8, 16, 32, channels last in memory.
  func callAsFunction(_ pictures: Tensor) throws -> [Tensor] {
    var x = try patchEmbedding(pictures)  // [B, h, w, C]
    // Recorded as copies: blocks may work in place.
    try Trace.record("body_patch_embed", x.permuted(0, 3, 1, 2).clone())
    var outputs: [Tensor] = []
    for (index, stage) in stages.enumerated() {
      let (output, next) = try stage(x)
      let normalized = try index == 0 ? output : norms[index - 1](output)
      try Trace.record("body_stage\(index)", normalized.permuted(0, 3, 1, 2))
      if index > 0 { outputs.append(try normalized.permuted(0, 3, 1, 2)) }
      x = next
    }
    return outputs
  }
}

/// Patches of 4x4 pixels become vectors.
private struct PatchEmbedding: Sendable {
  private static let patch = 4
  private let projection: Convolution
  private let norm: LayerNorm

  init(_ scope: Scope, channels: Int) throws {
    projection = try Convolution(
      scope / "proj", inputs: 3, outputs: channels, kernel: Self.patch, stride: Self.patch)
    norm = try LayerNorm(scope / "norm", width: channels)
  }

  /// [B, 3, H, W] -> [B, ⌈H/4⌉, ⌈W/4⌉, C]
  func callAsFunction(_ pictures: Tensor) throws -> Tensor {
    let (height, width) = (pictures.size(2), pictures.size(3))
    let padded = try pictures.padded([0, -width %% Self.patch, 0, -height %% Self.patch])
    return try norm(projection(padded).permuted(0, 2, 3, 1).to(.float32))
  }
}

/// Blocks at one resolution, then the merging of 2x2 patches that leads to the next.
private struct SwinStage: Sendable {
  private let index: Int
  private let blocks: [SwinBlock]
  private let merging: PatchMerging?
  private let window: Int

  /// - Parameter dropPaths: the rate of each block
  init(
    _ scope: Scope, index: Int, channels: Int, heads: Int, window: Int, dropPaths: [Double], merges: Bool
  ) throws {
    self.index = index
    self.window = window
    blocks = try dropPaths.enumerated().map { block, rate in
      try SwinBlock(
        scope / "blocks" / block, channels: channels, heads: heads, window: window,
        shift: block.isMultiple(of: 2) ? 0 : window / 2, dropPath: rate)
    }
    merging = merges ? try PatchMerging(scope / "downsample", channels: channels) : nil
  }

  /// [B, h, w, C] -> the stage's output, and what the next stage reads: [B, ⌈h/2⌉, ⌈w/2⌉, 2C].
  func callAsFunction(_ input: Tensor) throws -> (output: Tensor, next: Tensor) {
    var x = input
    let inPlace = Kernels.apply(to: x) && blocks.allSatisfy(\.hasKernel)
    let grid = WindowGrid(height: x.size(1), width: x.size(2), window: window, shift: window / 2)
    let mask = try blocks.count > 1 && !inPlace ? grid.shiftMask(device: x.device) : nil
    for (block, layer) in blocks.enumerated() {
      if inPlace { try layer.apply(to: x) } else { x = try layer(x, shiftMask: mask) }
      try Trace.record("body_layer\(index)_block\(block)", x.flattened(from: 1, through: 2).clone())
    }
    guard let merging else { return (x, x) }
    let next = try merging(x)
    try Trace.record("body_layer\(index)_downsample", next.flattened(from: 1, through: 2).clone())
    return (x, next)
  }
}

/// Window attention and a two-layer perceptron, each behind a norm and around a residual.
private struct SwinBlock: Sendable {
  private let norm1: LayerNorm
  private let attention: WindowAttention
  private let norm2: LayerNorm
  private let expand: Linear
  private let contract: Linear
  private let dropPath: DropPath
  private let window: Int
  private let shift: Int

  init(_ scope: Scope, channels: Int, heads: Int, window: Int, shift: Int, dropPath rate: Double) throws {
    self.window = window
    self.shift = shift
    dropPath = DropPath(scope, rate: rate)
    norm1 = try LayerNorm(scope / "norm1", width: channels)
    attention = try WindowAttention(scope / "attn", channels: channels, heads: heads, window: window)
    norm2 = try LayerNorm(scope / "norm2", width: channels)
    expand = try Linear(
      scope / "mlp" / "fc1", inputs: channels, outputs: 4 * channels, role: .quantizable,
      initial: .transformer, initialBias: .constant(0))
    contract = try Linear(
      scope / "mlp" / "fc2", inputs: 4 * channels, outputs: channels, role: .quantizable,
      initial: .transformer, initialBias: .constant(0))
  }

  /// Whether the kernels take a block of this size.
  var hasKernel: Bool { contract.weight.size(0).isMultiple(of: 4) && attention.hasKernel }

  /// The block window by window, in place: x, float32 [B, h, w, C].
  func apply(to x: Tensor) throws {
    try Kernels.applySwinBlock(
      to: x, window: window, shift: shift, heads: attention.heads,
      Kernels.SwinWeights(
        norm1: norm1, qkv: attention.qkv.matrix, relativeBias: attention.paddedBias,
        projection: attention.projection.matrix, norm2: norm2, expand: expand.matrix,
        contract: contract.matrix))
  }

  /// [B, h, w, C] -> [B, h, w, C]; `shiftMask` is used by shifted blocks alone.
  func callAsFunction(_ x: Tensor, shiftMask: Tensor?) throws -> Tensor {
    let grid = WindowGrid(height: x.size(1), width: x.size(2), window: window, shift: shift)
    let windows = try grid.partition(norm1(x))
    let attended = try attention(windows, mask: shift > 0 ? shiftMask : nil)
    let y = try x + dropPath(grid.merge(attended, batch: x.size(0)))
    return try y + dropPath(contract(expand(norm2(y)).gelu()))
  }
}

/// Four neighbouring patches become one of twice the channels.
private struct PatchMerging: Sendable {
  private let norm: LayerNorm
  private let reduction: Linear

  init(_ scope: Scope, channels: Int) throws {
    norm = try LayerNorm(scope / "norm", width: 4 * channels)
    reduction = try Linear(
      scope / "reduction", inputs: 4 * channels, outputs: 2 * channels, bias: false,
      role: .quantizable, initial: .transformer)
  }

  /// [B, h, w, C] -> [B, ⌈h/2⌉, ⌈w/2⌉, 2C]
  func callAsFunction(_ x: Tensor) throws -> Tensor {
    let (height, width) = (x.size(1), x.size(2))
    let padded = try x.padded([0, 0, 0, width % 2, 0, height % 2])
    func corner(_ row: Int, _ column: Int) throws -> Tensor {
      try padded.sliced(1, row..<padded.size(1), step: 2).sliced(2, column..<padded.size(2), step: 2)
    }
    // Column by column: the order in which the released weights expect the four.
    let merged = try Tensor.concatenated(
      [corner(0, 0), corner(1, 0), corner(0, 1), corner(1, 1)], dimension: -1)
    guard Kernels.apply(to: x), reduction.hasKernel else { return try reduction(norm(merged)) }
    return try Kernels.linear(merged, reduction.matrix, norm: norm, dtype: .float32)
  }
}
