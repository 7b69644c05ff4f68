import Torch

/// What prompt tuning learns: an offset for every place in the prompt, added to what the text encoder gives (paper,
/// section 5.2). It fits the one prompt that it was trained with.
package struct PromptOffsets: Sendable {
  /// [count, L]
  private let offsets: Tensor

  package static let parameter = "rpn.tunable_linear.weight"
  /// As many as the authors' table has; a prompt needs 256 at most.
  package static let count = 1000

  init(_ scope: Scope, count: Int, width: Int) throws {
    offsets = try (scope / "rpn" / "tunable_linear").parameter("weight", [count, width], .constant(0))
  }

  /// [B, T, L] -> [B, T, L]
  func callAsFunction(_ words: Tensor) throws -> Tensor { try words + offsets.sliced(0, 0..<words.size(1)) }
}
