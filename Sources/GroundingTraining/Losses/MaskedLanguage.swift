import GLIP
import Torch

/// Prompts some of whose tokens were hidden or changed, and what they were (Devlin et al., "BERT", section 3.1).
public struct MaskedPrompts: Sendable, Hashable {
  public var prompts: [[Int32]]
  public var answers: [Answer]

  /// A token to be restored.
  public struct Answer: Sendable, Hashable {
    /// Position in the batch, and in the prompt.
    public var prompt, token: Int
    public var id: Int32

    public init(prompt: Int, token: Int, id: Int32) {
      (self.prompt, self.token, self.id) = (prompt, token, id)
    }
  }

  /// Share of tokens that are chosen; of those 80 % are hidden, 10 % changed and 10 % left.
  private static let share = 0.15
  /// `[MASK]` in BERT's vocabulary.
  private static let maskID: Int32 = 103

  /// - Parameters:
  ///   - prompts: tokens, without padding
  ///   - asked: for each prompt the tokens that are to be restored if they are chosen (`PictureTargets.asked`); others
  ///     are hidden or changed without being asked for, `[CLS]` and `[SEP]` too, as by the authors. A prompt without
  ///     such a list stays as it is.
  ///   - vocabulary: number of token ids
  public init(
    _ prompts: [[Int32]], asked: [[Range<Int>]?], vocabulary: Int,
    using generator: inout some RandomNumberGenerator
  ) {
    (self.prompts, answers) = (prompts, [])
    for (prompt, ids) in prompts.enumerated() {
      guard let asked = asked[prompt].map({ Set($0.joined()) }) else { continue }
      for (token, id) in ids.enumerated() where Double.random(in: 0..<1, using: &generator) < Self.share {
        switch Double.random(in: 0..<1, using: &generator) {
        case ..<0.8: self.prompts[prompt][token] = Self.maskID
        case ..<0.9: self.prompts[prompt][token] = Int32.random(in: 0..<Int32(vocabulary), using: &generator)
        default: break
        }
        if asked.contains(token) { answers.append(Answer(prompt: prompt, token: token, id: id)) }
      }
    }
  }
}

/// Restores hidden tokens from the words' features after the tower: BERT's language head, an option that the released
/// models were trained without.
///
/// Its parameters lie beside the network's, at `rpn.head.mlm_head`: `transform.dense`, `transform.LayerNorm`, `decoder`.
public struct MaskedLanguageHead: Sendable {
  private let transform: Linear
  private let norm: LayerNorm
  private let decoder: Linear

  /// - Parameter scope: the root of the network's parameters
  public init(_ scope: Scope, _ configuration: BERTConfiguration) throws {
    let head = scope / "rpn" / "head" / "mlm_head"
    let width = configuration.width
    transform = try Linear(head / "transform" / "dense", inputs: width, outputs: width)
    norm = try LayerNorm(head / "transform" / "LayerNorm", width: width, epsilon: 1e-12)
    decoder = try Linear(head / "decoder", inputs: width, outputs: configuration.vocabulary)
  }

  /// The mean cross-entropy of the answers; 0 where there are none.
  ///
  /// - Parameter words: features of the words, [B, T, L]
  public func callAsFunction(_ words: Tensor, _ answers: [MaskedPrompts.Answer]) throws -> Tensor {
    // An empty mean is not a number; what is multiplied by 0 keeps every parameter in the graph.
    let asked = answers.isEmpty ? [MaskedPrompts.Answer(prompt: 0, token: 0, id: 0)] : answers
    let places = try Tensor(asked.map { Int64($0.prompt * words.size(1) + $0.token) })
    let ids = try Tensor(asked.map { Int64($0.id) }).to(device: words.device)
    let rows = try words.flattened(from: 0, through: 1).picked(places.to(device: words.device), dimension: 0)
      .to(.float32)
    let logits = try decoder(norm(transform(rows).gelu()))
    return try logits.crossEntropy(ids) * (answers.isEmpty ? 0 : 1)
  }
}
