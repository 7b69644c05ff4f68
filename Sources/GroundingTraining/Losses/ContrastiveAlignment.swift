import Foundation
import GLIP
import Torch

/// Contrastive alignment of regions and words, as MDETR trains it (Kamath et al., ICCV 2021, section 3.2), an option that
/// the released models were trained without: both are projected to unit vectors of a small space, every region picks its
/// words among all words, and every word its regions among all regions.
///
/// Its parameters lie beside the network's, at `rpn.head`: `contrastive_align_projection_image` (1x1 convolution),
/// `contrastive_align_projection_text` (linear) and `contrastive_align_log_scale`.
public struct ContrastiveAlignment: Sendable {
  private let regionProjection: Convolution
  private let wordProjection: Linear
  /// Logarithm of the temperature.
  private let logScale: Tensor

  private static let width = 64
  /// MDETR's temperature.
  private static let temperature = 0.07

  /// - Parameter scope: the root of the network's parameters
  public init(_ scope: Scope, _ configuration: GLIPConfiguration) throws {
    let head = scope / "rpn" / "head"
    regionProjection = try Convolution(
      head / "contrastive_align_projection_image", inputs: configuration.head.channels, outputs: Self.width,
      kernel: 1)
    wordProjection = try Linear(
      head / "contrastive_align_projection_text", inputs: configuration.bert.width, outputs: Self.width)
    logScale = try head.parameter("contrastive_align_log_scale", [1], .constant(log(Self.temperature)))
  }

  /// The loss of a batch, summed.
  package func callAsFunction(_ output: NetworkOutput, _ assigned: AssignedTargets) throws -> Tensor {
    func unit(_ x: Tensor) throws -> Tensor {
      try x / x.norm(-1, keepingRank: true).clamped(min: 1e-12)
    }
    let regions = try unit(PyramidLevels(output.levels.map { try regionProjection($0.to(.float32)) }).rows)
    let words = try unit(wordProjection(output.words.to(.float32)))
    let logits = try regions.matmul(words.transposed(1, 2)) / logScale.exponential()
    return try contrastiveLoss(
      logits, matches: assigned.tokens.to(.float32) * assigned.valid, valid: assigned.valid)
  }
}

/// Half the sum of two cross-entropies whose answers are spread over all matches: of each region over the words, and of
/// each word over the regions. Regions and words that match nothing ask no question, but are wrong answers.
///
/// - Parameters:
///   - logits: [B, N, T]
///   - matches: 0 or 1, [B, N, T]
///   - valid: 1 at words and 0 at padding, [B, 1, T]
package func contrastiveLoss(_ logits: Tensor, matches: Tensor, valid: Tensor) throws -> Tensor {
  let masked = try logits + (valid - 1) * 1e9
  return try [2, 1].reduce(Tensor.zeros([], dtype: logits.dtype, device: logits.device)) { sum, others in
    let count = try matches.sum([others])
    let right = try (logits * matches).sum([others]) / count.clamped(min: 1)
    let asks = try (count > 0).to(logits.dtype)
    return try sum + (asks * (masked.logSumExp([others]) - right)).sum() / 2
  }
}
