import GLIP
import Torch

/// GLIP's forward pass as a straightforward port of the authors' code to PyTorch's operators runs it: the prompt padded
/// to 256 tokens and masked, the attention of the fusion projected and materialised in full, one operator after the
/// other in float32, and nothing kept from one picture to the next.
///
/// It is the oracle that tests compare `GLIPModel` with, and the baseline of the benchmarks.
package struct PlainModel: Sendable {
  package let configuration: GLIPConfiguration
  private let weights: Weights
  /// Tokens of every prompt, padding included.
  private let length: Int

  package init(_ weights: Weights, _ configuration: GLIPConfiguration, length: Int = 256) {
    self.weights = weights
    self.configuration = configuration
    self.length = length
  }

  /// - Parameters:
  ///   - pictures: normalised, [B, 3, H, W] with sides that are multiples of 32
  ///   - prompts: tokens of each picture's prompt, at most `length`
  /// - Returns: predictions of P3…P7 as `GLIPModel` makes them, with a logit for every padded token too
  package func callAsFunction(_ pictures: Tensor, prompts: [[Int32]]) throws -> [LevelPrediction] {
    let ids = prompts.flatMap { tokens in tokens.padded(to: length) { Int64($0) } }
    let valid = prompts.flatMap { tokens in tokens.padded(to: length) { _ in Float(1) } }
    let mask = try Tensor(valid, shape: [prompts.count, length])
    let padding = try (mask - 1).reshaped(prompts.count, 1, 1, length) * 9e15

    let maps = try StageClock.time(.backbone) {
      try swin(weights / "backbone.body", pictures.contiguous(), configuration.swin)
    }
    let levels = try StageClock.time(.pyramid) { try pyramid(weights / "backbone.fpn", maps) }
    let words = try StageClock.time(.text) {
      try bert(
        weights / "language_backbone.body.model", Tensor(ids, shape: [prompts.count, length]),
        padding: padding, configuration.bert)
    }
    let head = weights / "rpn.head"
    let fused = try tower(
      head / "dyhead_tower", levels, words: words, padding: padding, configuration)
    // Without fusion the predictors get the padded words as zeros.
    let read = try configuration.head.fusion ? fused.words : words * mask.unsqueezed(-1)
    return try StageClock.time(.heads) { try predictions(head, fused.levels, words: read) }
  }
}

/// Alignment with every word, boxes and centerness (paper, section 3.1).
private func predictions(_ weights: Weights, _ levels: [Tensor], words: Tensor) throws -> [LevelPrediction] {
  let unit = try words / words.norm(-1, keepingRank: true).clamped(min: 1e-12)
  let projected = try weights.linear("dot_product_projection_text", unit / 2)
  let bias = try unit.matmul(weights("bias_lang")) + weights("bias0")
  return try levels.enumerated().map { level, x in
    func positions(_ x: Tensor) throws -> Tensor { try x.flattened(from: 2).transposed(1, 2) }
    let similarity = try positions(x).matmul(projected.transposed(1, 2)) / weights("log_scale").exponential()
    let boxes = try weights.convolution("bbox_pred", x) * weights("scales.\(level).scale")
    return LevelPrediction(
      logits: try (similarity + bias.unsqueezed(1)).clamped(min: -limit, max: limit),
      boxes: try positions(boxes), centerness: try weights.convolution("centerness", x).flattened(from: 1))
  }
}

extension [Int32] {
  /// What `value` makes of the elements, and zeros behind.
  fileprivate func padded<Value: Numeric>(to length: Int, _ value: (Int32) -> Value) -> [Value] {
    map(value) + [Value](repeating: 0, count: Swift.max(length - count, 0))
  }
}
