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
  private let heads: Int

  /// Scores are limited as in the authors' code.
  private static let limit = 50_000.0

  package init(_ scope: Scope, head: HeadConfiguration, languageWidth: Int) throws {
    heads = head.fusionHeads
    let (channels, width) = (head.channels, head.fusionWidth)
    let start = Initializer.constant(1 / Double(head.blocks))
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
    let v = try visualNorm(visual)
    let l = try languageNorm(language)
    let (batch, tokens) = (l.size(0), l.size(1))
    let (positions, channels) = (v.size(1), v.size(2))

    // scores[n, h, t] = (v Wqₕᵀ + bqₕ)·kₕₜ / √d = v·(kₕₜ Wqₕ / √d) + bqₕ·kₕₜ / √d
    let key = try perHead(languageKey(l)) * (1 / Double(width / heads).squareRoot())  // [B, h, T, d]
    let queryWeight = try visualQuery.weight.reshaped(heads, width / heads, channels)
    let wordQueries = try key.matmul(queryWeight).reshaped(batch, heads * tokens, channels)
    var scores = try v.matmul(wordQueries.transposed(1, 2))  // [B, N, h·T]
    if let bias = visualQuery.bias {
      let offset = try key.matmul(bias.reshaped(heads, width / heads, 1))  // [B, h, T, 1]
      scores = try scores + offset.reshaped(batch, 1, heads * tokens)
    }
    scores = try scores.clamped(min: -Self.limit, max: Self.limit)

    // Picture reads words: Δv = Σₕ softmaxₜ(scores) (vlₕ Woₕᵀ) + bo
    var toWords = try scores.reshaped(batch, positions, heads, tokens)
    if let padding { toWords = try toWords + padding }
    let wordReading = try toWords.softmax(-1).reshaped(batch, positions, heads * tokens)
    let outputWeight = try visualOutput.weight.reshaped(channels, heads, width / heads).permuted(1, 2, 0)
    let wordValues = try perHead(languageValue(l)).matmul(outputWeight)
      .reshaped(batch, heads * tokens, channels)
    var visualUpdate = try wordReading.matmul(wordValues)
    if let bias = visualOutput.bias { visualUpdate = try visualUpdate + bias }

    // Words read picture: Δl = (softmaxₙ(scores)ᵀ v) Wvₕᵀ + bv, since the probabilities of a word sum to one.
    let pictureReading = try scores.softmax(1).transposed(1, 2).matmul(v)  // [B, h·T, C]
    let valueWeight = try visualValue.weight.reshaped(heads, width / heads, channels).transposed(1, 2)
    var pictureValues = try pictureReading.reshaped(batch, heads, tokens, channels).matmul(valueWeight)
      .transposed(1, 2).reshaped(batch, tokens, width)
    if let bias = visualValue.bias { pictureValues = try pictureValues + bias }
    let languageUpdate = try languageOutput(pictureValues)

    return (
      try v + visualScale * visualUpdate,
      try l + languageScale * languageUpdate
    )
  }

  private var width: Int { visualQuery.weight.size(0) }

  /// [B, T, h·d] -> [B, h, T, d]
  private func perHead(_ x: Tensor) throws -> Tensor {
    try x.reshaped(x.size(0), x.size(1), heads, width / heads).transposed(1, 2)
  }
}
