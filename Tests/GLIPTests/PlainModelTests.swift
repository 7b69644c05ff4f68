import GLIP
import PlainGLIP
import Testing
import Torch

/// The network against a straightforward port of the authors' code, which pads every prompt to 256 tokens.
struct PlainModelTests {
  private static let prompts: [[Int32]] = [
    [101, 4937, 1012, 2452, 1012, 2711, 102], [101, 3899, 1012, 2304, 4937, 3165, 102],
  ]

  @Test(arguments: [true, false], [(64, 96), (32, 32), (160, 128), (224, 352)])
  func theNetworkComputesWhatAStraightforwardPortComputes(
    fusion: Bool, size: (height: Int, width: Int)
  ) throws {
    var configuration = Networks.tiny
    configuration.head.fusion = fusion
    let (model, plain) = try networks(configuration)
    let pictures = try Tensor.randomNormal([2, 3, size.height, size.width], generator: Generator(seed: 5))
    try withInferenceMode {
      let ids = try Tensor(Self.prompts.flatMap { $0.map(Int64.init) }, shape: [2, 7])
      let ours = try model.predict(model.encode(pictures: pictures), words: model.encode(prompts: ids))
      let expected = try plain(pictures, prompts: Self.prompts)
      #expect(ours.count == 5 && expected.count == 5)
      for (ours, expected) in zip(ours, expected) { try expectSame(ours, expected, tokens: 7) }
    }
  }

  @Test func paddingDoesNotMatter() throws {
    let (_, long) = try networks(Networks.tiny)
    let (_, short) = try networks(Networks.tiny, length: 7)
    let pictures = try Tensor.randomNormal([2, 3, 96, 64], generator: Generator(seed: 6))
    try withInferenceMode {
      let (padded, unpadded) = try (
        long(pictures, prompts: Self.prompts), short(pictures, prompts: Self.prompts)
      )
      for (padded, unpadded) in zip(padded, unpadded) {
        #expect(padded.logits.size(2) == 256 && unpadded.logits.size(2) == 7)
        try expectSame(unpadded, padded, tokens: 7)
      }
    }
  }

  @Test func theDetectionsAreTheSame() throws {
    let parameters = Parameters(from: DemonstrationWeights(Networks.tiny))
    let detector = try Detector(model: GLIPModel(parameters.root, Networks.tiny))
    let plain = PlainDetector(
      PlainModel(Weights(parameters), Networks.tiny), prompts: detector.prompts)
    let picture = try Golden.picture("coffee.png")
    let prompt = Prompt.classes(["cup", "spoon", "table"])
    let found = try detector.detect([picture], prompt, options: Networks.everything)[0]
    let expected = try plain.detect([picture], prompt, options: Networks.everything)[0]
    #expect(found.count == expected.count && !found.isEmpty)
    for (found, expected) in zip(found, expected) {
      #expect(found.label == expected.label && found.span == expected.span)
      #expect(abs(found.score - expected.score) < 1e-4)
      #expect(abs(found.box.x0 - expected.box.x0) < 0.1 && abs(found.box.y1 - expected.box.y1) < 0.1)
    }
  }

  private func networks(
    _ configuration: GLIPConfiguration, length: Int = 256
  ) throws -> (model: GLIPModel, plain: PlainModel) {
    let parameters = Parameters(from: DemonstrationWeights(configuration))
    let model = try GLIPModel(parameters.root, configuration)
    return (model, PlainModel(Weights(parameters), configuration, length: length))
  }

  private func expectSame(_ ours: LevelPrediction, _ expected: LevelPrediction, tokens: Int) throws {
    #expect(try ours.logits.error(from: expected.logits.sliced(2, 0..<tokens)) < 1e-4)
    #expect(try ours.boxes.error(from: expected.boxes) < 1e-4)
    #expect(try ours.centerness.error(from: expected.centerness) < 1e-4)
  }
}
