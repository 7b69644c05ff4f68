import CTorch

/// The project's kernels for inference on the CPU: parts of the network computed tile by tile, so that what arises on
/// the way stays in the cache (Documentation/performance.md). They compute in the type of the weights they are given,
/// float32 or bfloat16, norms and softmax in float32. Layers call them where `apply(to:)` says so, and are made of
/// libtorch's operators everywhere else: in training, on other devices, under autocast.
package enum Kernels {
  private static let packMatrix = Operator("glip::pack_matrix")
  private static let packInt8Matrix = Operator("glip::pack_int8_matrix")
  private static let linear = Operator("glip::linear")
  private static let conv3x3 = Operator("glip::conv3x3")
  private static let deformableConv3x3 = Operator("glip::deformable_conv3x3")
  private static let groupNormFactors = Operator("glip::group_norm_factors")
  private static let mixMaps = Operator("glip::mix_maps_")
  private static let largerLine = Operator("glip::larger_line_")
  private static let swinBlock = Operator("glip::swin_block_")
  private static let deepFusion = Operator("glip::deep_fusion")

  /// Whether what is computed from `x` on this thread may use the kernels.
  package static func apply(to x: Tensor) -> Bool {
    // A calibration wants to see what goes on between layers.
    ct_inference_mode() && x.device.isCPU && !ct_autocast_enabled("cpu") && !Calibration.isObserving
      && (x.dtype == .float32 || x.dtype == .bfloat16)
  }

  /// Whether the kernels compute in `dtype` on this processor.
  package static func support(_ dtype: DType) -> Bool {
    switch dtype {
    case .float32: true
    case .bfloat16: ct_cpu_has_bfloat16()
    case .int8: ct_cpu_has_int8() && ct_cpu_has_bfloat16()
    default: false
    }
  }

  /// Lays out a weight [outputs, inputs] for products, once for many of them.
  package static func pack(_ weight: Tensor, bias: Tensor?, dtype: DType? = nil) throws -> [Tensor] {
    try packMatrix.tensors(weight, bias, dtype ?? weight.dtype)
  }

  /// The same of a quantised weight, int8 [outputs, taps · channels].
  package static func pack(_ weight: Tensor, bias: Tensor?, _ quantization: Quantization) throws -> [Tensor] {
    try packInt8Matrix.tensors(
      weight, bias, quantization.weightScale, quantization.inputScale, quantization.inputOffset)
  }

  /// A norm before a product.
  package typealias Norm = LayerNorm

  package enum Activation: String, Sendable { case none, gelu, relu, sigmoid }

  /// activation(norm(x) · Wᵀ + b) over the last dimension, in `dtype`.
  package static func linear(
    _ x: Tensor, _ matrix: [Tensor], norm: Norm? = nil, activation: Activation = .none, dtype: DType
  ) throws -> Tensor {
    try linear(x, matrix, norm?.weight, norm?.bias, norm?.epsilon ?? 0, activation.rawValue, dtype)
  }

  /// A 3x3 convolution of stride 1 with a border of zeros: [B, C, h, w] channels last -> [B, O, h, w], channels last
  /// or, where `planar`, not.
  package static func convolution(
    _ x: Tensor, _ matrix: [Tensor], planar: Bool = false, dtype: DType
  ) throws -> Tensor {
    try conv3x3(x, matrix, planar, dtype)
  }

  /// A deformable 3x3 convolution with a border of zeros, as `deformableConvolution`.
  ///
  /// - Parameter shares: what each output position weighs in the mean, float32 [h, w], 1 on average; all the same
  ///   where there are none
  /// - Returns: the map [B, O, h, w] of the input's type, channels last, and over all positions the sums of its
  ///   numbers, of their squares, and of the numbers times their shares, float64 [B, 3, O].
  package static func deformableConvolution(
    _ x: Tensor, _ matrix: [Tensor], offset: Tensor, mask: Tensor, shares: Tensor? = nil, stride: Int
  ) throws -> (map: Tensor, moments: Tensor) {
    let results = try deformableConv3x3.tensors(x, matrix, offset, mask, shares, stride)
    return (results[0], results[1])
  }

  /// A group norm as a factor and a shift per channel, from the moments of a map, and the mean (with its shares)
  /// of what it gives; float32 [B, C] each.
  package static func factors(
    of norm: GroupNorm, moments: Tensor, positions: Int
  ) throws -> (factor: Tensor, shift: Tensor, mean: Tensor) {
    let results = try groupNormFactors.tensors(
      moments, norm.weight, norm.bias, norm.groups, norm.epsilon, positions)
    return (results[0], results[1], results[2])
  }

  /// Writes Σ factorᵢ · mapᵢ + constant to `output`; the last map may be smaller and is then resized bilinearly, its
  /// corners aligned.
  ///
  /// - Parameters:
  ///   - output: [B, C, h, w], channels last; pictures may lie apart
  ///   - maps: one to three, [B, C, h, w] channels last, of the output's type
  ///   - factors: float32 [B, C], one for each map
  ///   - constant: float32 [B, C]
  /// - Returns: the mean over all positions, float32 [B, C].
  package static func mix(
    into output: Tensor, _ maps: [Tensor], factors: [Tensor], constant: Tensor
  ) throws -> Tensor {
    try mixMaps(output, maps, factors, constant)
  }

  /// max(x · a + b, x · c + d) in place, of x [B, C, h, w] channels last and `lines` [B, 4, C] = a, b, c, d.
  package static func applyLargerLine(of lines: Tensor, to x: Tensor) throws { try largerLine(x, lines) }

  /// The matrices of a Swin block.
  package struct SwinWeights {
    package var norm1, norm2: LayerNorm
    package var qkv, projection, expand, contract: [Tensor]
    /// float32 [heads, window², window² up to the next multiple of 16], very negative beyond window².
    package var relativeBias: Tensor

    package init(
      norm1: LayerNorm, qkv: [Tensor], relativeBias: Tensor, projection: [Tensor], norm2: LayerNorm,
      expand: [Tensor], contract: [Tensor]
    ) {
      (self.norm1, self.norm2) = (norm1, norm2)
      (self.qkv, self.projection, self.expand, self.contract) = (qkv, projection, expand, contract)
      self.relativeBias = relativeBias
    }
  }

  /// A Swin block on x, float32 [B, h, w, C], in place.
  package static func applySwinBlock(
    to x: Tensor, window: Int, shift: Int, heads: Int, _ weights: SwinWeights
  ) throws {
    try swinBlock(
      x, window, shift, heads, weights.norm1.weight, weights.norm1.bias, weights.qkv, weights.relativeBias,
      weights.projection, weights.norm2.weight, weights.norm2.bias, weights.expand, weights.contract,
      weights.norm1.epsilon)
  }

  /// Bi-directional attention, everything of the words' side folded together before (Documentation/architecture.md,
  /// "Deep fusion"); products in `dtype`.
  ///
  /// - Parameters:
  ///   - visual: [B, N, C]
  ///   - queries: [B, heads, T, C]
  ///   - offsets: float32 [B, heads, T], added to the scores
  ///   - values: [B, heads, T, C]
  ///   - bias: float32 [C], added to what a position reads
  ///   - scale: float32 [C], of a position's update
  ///   - limit: of a score's magnitude
  /// - Returns: norm(visual) + update, [B, N, C] in the type of `visual`; what every word reads per head, float32
  ///   [B, heads, T, C].
  package static func deepFusion(
    _ visual: Tensor, norm: LayerNorm, queries: Tensor, offsets: Tensor, values: Tensor, bias: Tensor,
    scale: Tensor, limit: Double, dtype: DType
  ) throws -> (visual: Tensor, reading: Tensor) {
    let results = try deepFusion.tensors(
      visual, norm.weight, norm.bias, norm.epsilon, queries, offsets, values, bias, scale, limit, dtype)
    return (results[0], results[1])
  }
}
