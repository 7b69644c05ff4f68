import Torch

/// Prompts of different lengths as one tensor: the shorter ones are filled up, and nothing looks at the filling.
package struct PaddedPrompts: Sendable {
  /// Vocabulary indices, int64 [B, T]; 0 beyond a prompt.
  package let ids: Tensor
  /// float32 [B, 1, 1, T], added to attention scores: very negative beyond a prompt, else 0; nil where all prompts are
  /// of one length.
  package let padding: Tensor?

  /// - Parameter prompts: the tokens of each, `[CLS]` and `[SEP]` included
  package init(_ prompts: [[Int32]], device: Device = .cpu) throws {
    let length = prompts.map(\.count).max() ?? 0
    func rows<Value: TensorElement>(_ filling: Value, _ value: (Int32) -> Value) throws -> Tensor {
      let rows = prompts.flatMap { prompt in
        prompt.map(value) + [Value](repeating: filling, count: length - prompt.count)
      }
      return try Tensor(rows, shape: [prompts.count, length]).to(device: device)
    }
    ids = try rows(0) { Int64($0) }
    padding =
      try prompts.allSatisfy { $0.count == length }
      ? nil : rows(Self.excluded) { _ in 0 }.reshaped(prompts.count, 1, 1, length)
  }

  /// As the authors' code excludes words; a softmax makes zero of it.
  private static let excluded: Float = -9e15
}
