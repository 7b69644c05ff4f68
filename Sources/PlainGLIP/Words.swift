import GLIP
import Torch

/// BERT (Devlin et al., NAACL 2019): int64 [B, T] -> [B, T, width].
///
/// - Parameter padding: [B, 1, 1, T], very negative at padded tokens and 0 elsewhere
func bert(_ weights: Weights, _ ids: Tensor, padding: Tensor, _ configuration: BERTConfiguration) throws
  -> Tensor
{
  func embedding(_ name: String, _ indices: Tensor) throws -> Tensor {
    try Operators.embedding(weights("embeddings.\(name)_embeddings.weight"), indices)
  }
  let place = try Tensor.arange(0..<ids.size(1))
  let kind = try Tensor.zeros(ids.shape, dtype: .int64)
  var x = try embedding("word", ids) + embedding("position", place) + embedding("token_type", kind)
  x = try weights.layerNorm("embeddings.LayerNorm", x, epsilon: bertEpsilon)
  for layer in 0..<configuration.layers {
    x = try bertLayer(weights / "encoder.layer" / layer, x, padding: padding, heads: configuration.heads)
  }
  return x
}

private let bertEpsilon = 1e-12

/// One layer, [B, T, width] -> the same. Those of the tower limit their activations to ± `limit`.
func bertLayer(
  _ weights: Weights, _ x: Tensor, padding: Tensor, heads: Int, limit: Double? = nil
) throws -> Tensor {
  let width = x.size(2) / heads
  func limited(_ x: Tensor) throws -> Tensor {
    try limit.map { try x.clamped(min: -$0, max: $0) } ?? x
  }
  func projected(_ name: String) throws -> Tensor {
    try weights.linear("attention.self.\(name)", x).reshaped(x.size(0), x.size(1), heads, width)
      .transposed(1, 2)
  }
  let similarity = try projected("query").matmul(projected("key").transposed(-2, -1))
  let scores = try limited(similarity * (1 / Double(width).squareRoot())) + padding
  let attended = try scores.softmax(-1).matmul(projected("value")).transposed(1, 2).reshaped(x.shape)
  let y = try weights.layerNorm(
    "attention.output.LayerNorm", weights.linear("attention.output.dense", attended) + x,
    epsilon: bertEpsilon)

  let expanded = try limited(limited(weights.linear("intermediate.dense", y)).gelu())
  let contracted = try limited(weights.linear("output.dense", expanded))
  return try limited(weights.layerNorm("output.LayerNorm", contracted + y, epsilon: bertEpsilon))
}

/// Bi-directional cross-attention as equations 4 to 6 of the paper are written: picture and words are projected to
/// the width of all heads, every score between a position and a word is computed once, and each side reads the other.
///
/// - Parameters:
///   - weights: at a block of the tower
///   - visual: [B, N, C]
///   - language: [B, T, L]
///   - padding: [B, 1, 1, T], very negative at padded words; `nil` where nothing is padded
package func textbookFusion(
  _ weights: Weights, visual: Tensor, language: Tensor, padding: Tensor?, heads: Int
) throws -> (visual: Tensor, language: Tensor) {
  let block = weights / "b_attn"
  let attention = block / "attn"
  func split(_ x: Tensor) throws -> Tensor {
    try x.reshaped(x.size(0), x.size(1), heads, -1).transposed(1, 2)
  }
  func joined(_ x: Tensor) throws -> Tensor { try x.transposed(1, 2).flattened(from: 2) }

  // The residuals start from the normalised tensors; released weights were trained so.
  let v = try block.layerNorm("layer_norm_v", visual)
  let l = try block.layerNorm("layer_norm_l", language)
  let key = try split(attention.linear("l_proj", l))
  let query = try split(attention.linear("v_proj", v) * (1 / Double(key.size(3)).squareRoot()))
  let scores = try query.matmul(key.transposed(-2, -1)).clamped(min: -limit, max: limit)  // [B, h, N, T]
  let toWords = try padding.map { try scores + $0 } ?? scores
  let wordReading = try toWords.softmax(-1).matmul(split(attention.linear("values_l_proj", l)))
  let toPicture = try scores.transposed(-2, -1).softmax(-1)
  let pictureReading = try toPicture.matmul(split(attention.linear("values_v_proj", v)))
  return (
    try v + block("gamma_v") * attention.linear("out_v_proj", joined(wordReading)),
    try l + block("gamma_l") * attention.linear("out_l_proj", joined(pictureReading))
  )
}

/// Activations of the tower that meet words are limited as in the authors' code.
let limit = 50_000.0
