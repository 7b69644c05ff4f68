import Torch

/// Bi-directional cross-attention between picture and words (paper, section 3.3, equations 4-6).
///
/// One matrix of scores between positions and words serves both directions: over the words it tells every
/// position what to read from the prompt, over the positions it tells every word what to read from the picture.
///
/// With N positions, T words, h heads of width d and C visual channels, N is thousands of times T. The textbook
/// form projects the picture to h·d channels three times, N·C·h·d multiply-adds each. Matrix products associate,
/// so here the projections are folded into the words' side first, and each product with the picture costs
/// N·C·h·T (Documentation/architecture.md, "Deep fusion").
package struct DeepFusion: Sendable {
  private let visualNorm: LayerNorm
  private let languageNorm: LayerNorm
  private let visualQuery: Linear
  private let languageKey: Linear
  private let visualValue: Linear
  private let languageValue: Linear
  private let visualOutput: Linear
  private let languageOutput: Linear
  /// How much of the update is added, per channel.
  private let visualScale: Tensor
  private let languageScale: Tensor
  /// Of the probabilities of both directions.
  private let dropout: Dropout
  private let heads: Int

  /// Scores are limited as in the authors' code.
  private static let limit = 50_000.0

  package init(_ scope: Scope, head: HeadConfiguration, languageWidth: Int) throws {
    heads = head.fusionHeads
    let (channels, width) = (head.channels, head.fusionWidth)
    let start = Initializer.constant(1 / Double(head.blocks))
    dropout = Dropout(scope, rate: head.fusionDropout)
    let block = scope / "b_attn"
    visualScale = try block.parameter("gamma_v", [channels], start)
    languageScale = try block.parameter("gamma_l", [languageWidth], start)
    visualNorm = try LayerNorm(block / "layer_norm_v", width: channels)
    languageNorm = try LayerNorm(block / "layer_norm_l", width: languageWidth)
    func projection(_ name: String, _ inputs: Int, _ outputs: Int) throws -> Linear {
      try Linear(
        block / "attn" / name, inputs: inputs, outputs: outputs, initial: .xavierUniform,
        initialBias: .constant(0))
    }
    visualQuery = try projection("v_proj", channels, width)
    languageKey = try projection("l_proj", languageWidth, width)
    visualValue = try projection("values_v_proj", channels, width)
    languageValue = try projection("values_l_proj", languageWidth, width)
    visualOutput = try projection("out_v_proj", width, channels)
    languageOutput = try projection("out_l_proj", width, languageWidth)
  }

  /// - Parameters:
  ///   - visual: [B, N, C], all levels of the pyramid end to end
  ///   - language: [B, T, L]
  ///   - padding: [B, 1, 1, T], very negative at padded words; `nil` where nothing is padded
  package func callAsFunction(
    visual: Tensor, language: Tensor, padding: Tensor?
  ) throws -> (visual: Tensor, language: Tensor) {
    // The residuals start from the normalised tensors; released weights were trained so.
    let l = try languageNorm(language)
    let channels = visual.size(2)

    // scores[n, h, t] = (v Wqₕᵀ + bqₕ)·kₕₜ / √d = v·(kₕₜ Wqₕ / √d) + bqₕ·kₕₜ / √d
    let key = try perHead(languageKey(l)) * (1 / Double(width / heads).squareRoot())  // [B, h, T, d]
    let queryWeight = try visualQuery.weight.reshaped(heads, width / heads, channels)
    let queryBias = try visualQuery.shift.reshaped(heads, width / heads, 1)
    let outputWeight = try visualOutput.weight.reshaped(channels, heads, width / heads).permuted(1, 2, 0)
    let words = WordSide(
      queries: try Self.product(key, queryWeight), offsets: try key.matmul(queryBias).squeezed(-1),
      values: try Self.product(perHead(languageValue(l)), outputWeight))

    let (fused, reading, mass) =
      try Kernels.apply(to: visual) && padding == nil && channels.isMultiple(of: 4)
      ? attendTiled(visual, words) : attend(visual, words, padding)

    // Words read picture: Δl = (pᵀ v) Wvₕᵀ + Σₙp bv with p = softmaxₙ(scores), which sums to one if nothing is dropped.
    let valueWeight = try visualValue.weight.reshaped(heads, width / heads, channels).transposed(1, 2)
    let valueBias = try visualValue.shift.reshaped(heads, 1, width / heads)
    let pictureValues =
      try Self.product(reading, valueWeight) + (mass.map { try $0 * valueBias } ?? valueBias)
    let joined = try pictureValues.transposed(1, 2).reshaped(l.size(0), l.size(1), width)
    return (fused, try l + languageScale * languageOutput(joined))
  }

  /// The picture where there are no words to read: its residual alone, [B, N, C].
  func wordless(_ visual: Tensor) throws -> Tensor { try visualNorm(visual) }

  /// The projections of the picture, folded into the words.
  private struct WordSide {
    /// [B, h, T, C]
    let queries: Tensor
    /// Added to the scores, [B, h, T].
    let offsets: Tensor
    /// What a position gains from a word, [B, h, T, C].
    let values: Tensor
  }

  /// - visual: the fused picture, [B, N, C]
  /// - reading: what the words read from the normalised picture, [B, h, T, C]
  /// - mass: what their probabilities sum to, [B, h, T, 1]; nil where it is one
  private typealias Attended = (visual: Tensor, reading: Tensor, mass: Tensor?)

  /// The attention as products of whole matrices.
  private func attend(_ visual: Tensor, _ words: WordSide, _ padding: Tensor?) throws -> Attended {
    let v = try visualNorm(visual)
    let (batch, tokens) = (words.queries.size(0), words.queries.size(2))
    let (positions, channels) = (v.size(1), v.size(2))
    let queries = try words.queries.reshaped(batch, heads * tokens, channels)
    let scores = try (v.matmul(queries.transposed(1, 2)) + words.offsets.reshaped(batch, 1, heads * tokens))
      .clamped(min: -Self.limit, max: Self.limit)  // [B, N, h·T]

    // Picture reads words: Δv = Σₕ softmaxₜ(scores) (vlₕ Woₕᵀ) + bo
    var toWords = try scores.reshaped(batch, positions, heads, tokens)
    if let padding { toWords = try toWords + padding }
    let wordReading = try dropout(toWords.softmax(-1)).reshaped(batch, positions, heads * tokens)
    let update = try wordReading.matmul(words.values.reshaped(batch, heads * tokens, channels))
    let toPicture = try dropout(scores.softmax(1))
    let pictureReading = try toPicture.transposed(1, 2).matmul(v)  // [B, h·T, C]
    return (
      // Under autocast the scale, which is float32, would make all that follows so.
      try (v + visualScale * (update + visualOutput.shift)).to(v.dtype),
      try pictureReading.reshaped(batch, heads, tokens, channels),
      dropout.isOn ? try toPicture.sum([1]).reshaped(batch, heads, tokens, 1) : nil
    )
  }

  /// The same, tile by tile: scores are never written to memory.
  private func attendTiled(_ visual: Tensor, _ words: WordSide) throws -> Attended {
    let fused = try Kernels.deepFusion(
      visual, norm: visualNorm, queries: words.queries, offsets: words.offsets, values: words.values,
      bias: visualOutput.shift, scale: visualScale, limit: Self.limit, dtype: visualQuery.weight.dtype)
    return (fused.visual, fused.reading, nil)
  }

  /// A product with a weight, in the weight's type; float32 if `x` is.
  private static func product(_ x: Tensor, _ weight: Tensor) throws -> Tensor {
    try x.to(weight.dtype).matmul(weight).to(x.dtype)
  }

  private var width: Int { visualQuery.weight.size(0) }

  /// [B, T, h·d] -> [B, h, T, d]
  private func perHead(_ x: Tensor) throws -> Tensor {
    try x.reshaped(x.size(0), x.size(1), heads, width / heads).transposed(1, 2)
  }
}
