import Synchronization
import Torch

/// Encoded prompts by their tokens. The text encoder does not see the picture, so a prompt is encoded once; the
/// least recently used goes when there are too many.
final class PromptCache: Sendable {
  fileprivate struct State {
    var entries: [[Int32]: (words: Tensor, used: Int)] = [:]
    var clock = 0
  }

  private let state = Mutex(State())
  private let lastTexts = Mutex<(prompt: Prompt, texts: [EncodedPrompt])?>(nil)
  private let capacity: Int

  init(capacity: Int = 256) { self.capacity = capacity }

  /// The texts of a prompt, made by `encode` unless it is the same as the last one.
  func texts(of prompt: Prompt, _ encode: () throws -> [EncodedPrompt]) rethrows -> [EncodedPrompt] {
    if let last = lastTexts.withLock(\.self), last.prompt == prompt { return last.texts }
    let texts = try encode()
    lastTexts.withLock { $0 = (prompt, texts) }
    return texts
  }

  /// The encoding of `ids`, made by `encode` if it is not there. Two tasks may both make one; either will do.
  func words(for ids: [Int32], _ encode: () throws -> Tensor) rethrows -> Tensor {
    if let found = state.withLock({ $0.use(ids) }) { return found }
    let words = try encode()
    state.withLock { state in
      state.clock += 1
      state.entries[ids] = (words, state.clock)
      if state.entries.count > capacity, let oldest = state.entries.min(by: { $0.value.used < $1.value.used })
      {
        state.entries[oldest.key] = nil
      }
    }
    return words
  }
}

extension PromptCache.State {
  fileprivate mutating func use(_ ids: [Int32]) -> Tensor? {
    clock += 1
    entries[ids]?.used = clock
    return entries[ids]?.words
  }
}
