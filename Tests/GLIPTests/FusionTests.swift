import GLIP
import PlainGLIP
import Testing
import Torch

/// The folded form of the fusion against the textbook form, and padded prompts against unpadded ones.
struct FusionTests {
  private static let head = HeadConfiguration(
    channels: 24, blocks: 2, fusion: true, fusionHeads: 4, fusionWidth: 64)
  private static let languageWidth = 40

  @Test("folding the projections into the words changes nothing", arguments: [false, true])
  func folded(isPadded: Bool) throws {
    let parameters = Parameters(from: DemonstrationWeights(Networks.tiny))
    let fusion = try DeepFusion(
      parameters.root / "rpn" / "head" / "dyhead_tower" / 0, head: Self.head,
      languageWidth: Self.languageWidth)
    let generator = try Generator(seed: 7)
    let visual = try Tensor.randomNormal([2, 50, Self.head.channels], generator: generator)
    let language = try Tensor.randomNormal([2, 6, Self.languageWidth], generator: generator)
    let padding = isPadded ? try Self.padding(valid: [6, 4], of: 6) : nil

    let expected = try textbookFusion(
      Weights(parameters) / "rpn.head.dyhead_tower" / 0, visual: visual, language: language,
      padding: padding, heads: Self.head.fusionHeads)
    let folded = try fusion(visual: visual, language: language, padding: padding)
    #expect(try folded.visual.error(from: expected.visual) < 1e-5)
    #expect(try folded.language.error(from: expected.language) < 1e-5)
  }

  @Test("a padded prompt says what it says without padding")
  func padding() throws {
    let parameters = Parameters(from: DemonstrationWeights(Networks.tiny))
    let model = try GLIPModel(parameters.root, Networks.tiny)
    let ids: [Int64] = [101, 4937, 1012, 2452, 102]
    let picture = try Tensor.randomNormal([1, 3, 64, 96], generator: Generator(seed: 3))
    try withInferenceMode {
      let levels = try model.encode(pictures: picture)
      let short = try model.predict(levels, words: model.encode(prompts: Tensor(ids, shape: [1, 5])))
      let padding = try Self.padding(valid: [5], of: 9)
      let words = try model.encode(prompts: Tensor(ids + [0, 0, 0, 0], shape: [1, 9]), padding: padding)
      let long = try model.predict(levels, words: words, padding: padding)
      for (one, other) in zip(short, long) {
        #expect(try other.logits.sliced(2, 0..<5).error(from: one.logits) < 1e-4)
        #expect(try other.boxes.error(from: one.boxes) < 1e-4)
        #expect(try other.centerness.error(from: one.centerness) < 1e-4)
      }
    }
  }

  /// [B, 1, 1, T], very negative behind each prompt's valid words.
  private static func padding(valid: [Int], of count: Int) throws -> Tensor {
    let values = valid.flatMap { valid in (0..<count).map { $0 < valid ? Float(0) : -9e15 } }
    return try Tensor(values, shape: [valid.count, 1, 1, count])
  }
}
