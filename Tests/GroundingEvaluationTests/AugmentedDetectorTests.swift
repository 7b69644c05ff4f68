import GLIP
import GroundingEvaluation
import Pictures
import Testing
import Torch

/// Looking at a picture several times, with a network of every part in small.
struct AugmentedDetectorTests {
  private static let detector = Result { try Detector(model: model()) }
  private static let prompt = Prompt.classes(["cat", "cup"])

  private static func model() throws -> GLIPModel {
    let configuration = GLIPConfiguration(
      swin: SwinConfiguration(channels: 16, depths: [1, 1, 1, 1], heads: [1, 2, 4, 4], window: 5),
      bert: BERTConfiguration(
        vocabulary: 30_522, width: 64, layers: 1, heads: 1, intermediate: 64, positions: 300),
      head: HeadConfiguration(channels: 32, blocks: 1, fusion: true, fusionWidth: 64, groups: 16, classes: 3))
    return try GLIPModel(
      Parameters(from: Weights(computed: DemonstrationWeights(configuration))).root, configuration)
  }

  /// Everything passes for an object.
  private struct Weights: ParameterSource {
    let computed: DemonstrationWeights

    func parameter(_ name: String, shape: [Int], initial: Initializer) throws -> Tensor {
      name == "rpn.head.bias0"
        ? try Tensor.zeros(shape) : try computed.parameter(name, shape: shape, initial: initial)
    }
  }

  private static let picture: Picture = {
    let (width, height) = (150, 100)
    var pixels: [UInt8] = []
    for y in 0..<height {
      for x in 0..<width { pixels += [UInt8(x), UInt8(2 * y), UInt8((x * y / 7) % 256)] }
    }
    return Picture(width: width, height: height, pixels: pixels)
  }()

  private static func options(_ size: ResizeRule = ResizeRule(minimumSide: 64)) -> DetectionOptions {
    var options = DetectionOptions()
    (options.threshold, options.resize) = (0, size)
    return options
  }

  private static func found(
    on picture: Picture = picture, _ augmentation: TestAugmentation,
    _ options: DetectionOptions = options()
  ) throws -> [Detection] {
    try AugmentedDetector(detector.get(), options: options, augmentation: augmentation)
      .detect(picture, prompt)
  }

  @Test func oneLookIsTheDetectorsOwn() throws {
    for side in [64, 80, 100] {
      let plain = try Self.detector.get().detect(
        Self.picture, Self.prompt, options: Self.options(ResizeRule(minimumSide: side, maximumSide: 130)))
      #expect(!plain.isEmpty)
      #expect(try Self.found(TestAugmentation([.init(side)], longestSide: 130)) == plain)
    }
  }

  @Test func aMirroredPictureHasItsObjectsOnTheOtherSide() throws {
    let augmentation = TestAugmentation([.init(100)], mirrors: true, merging: BoxMerging(overlap: 1))
    let found = try Self.found(augmentation)
    let mirrored = try Self.found(on: Self.picture.mirrored(), augmentation).map { detection in
      (detection.labelIndex, detection.score, detection.box.mirrored(width: Self.picture.width))
    }
    #expect(found.count == mirrored.count && found.count > 10)
    for detection in found {
      let box = detection.box
      #expect(
        mirrored.contains { label, score, other in
          label == detection.labelIndex && abs(score - detection.score) < 1e-4
            && [box.x0 - other.x0, box.y0 - other.y0, box.x1 - other.x1, box.y1 - other.y1]
              .allSatisfy { abs($0) < 0.05 }
        })
    }
  }

  @Test func looksAreMergedAndPutOnThePicture() throws {
    let scales = [TestAugmentation.Scale(48), .init(64), .init(96)]
    for method in [.suppression, .voting, .gaussianDecay(sigma: 0.5)] as [BoxMerging.Method] {
      let found = try Self.found(
        TestAugmentation(scales, mirrors: true, merging: BoxMerging(method)), Self.options())
      #expect(!found.isEmpty && found.count <= 1000)
      #expect(found.map(\.score) == found.map(\.score).sorted(by: >))
      for box in found.map(\.box) {
        #expect(box.x0 >= 0 && box.y0 >= 0 && box.x1 <= 150 && box.y1 <= 100)
      }
      let best = try scales.map { try Self.found(TestAugmentation([$0], mirrors: true))[0].score }.max()
      #expect(found[0].score == best)
    }
  }

  @Test func sizesOfBoxesCountAtEachScale() throws {
    let all = try Self.found(TestAugmentation([.init(64)], longestSide: nil))
    let large = try Self.found(TestAugmentation([.init(64, boxSides: 40...10_000)], longestSide: nil))
    let none = try Self.found(TestAugmentation([.init(64, boxSides: 500...10_000)], longestSide: nil))
    #expect(none.isEmpty && !large.isEmpty && large.count < all.count)
    // Of the resized picture: 100 rows were 64.
    let scale = 0.64
    #expect(
      large
        == all.filter { ($0.box.width * scale + 1) * ($0.box.height * scale + 1) > 1600 })
  }

  @Test func decayTakesThePlaceOfSuppression() throws {
    let hard = try Self.found(TestAugmentation([.init(64)]))
    let soft = try Self.found(
      TestAugmentation([.init(64)], merging: BoxMerging(.gaussianDecay(sigma: 100))))
    #expect(soft[0] == hard[0] && soft.count == 100)
    let hardly = try Self.found(
      TestAugmentation([.init(64)], merging: BoxMerging(.gaussianDecay(sigma: 0.01))))
    #expect(hardly[0] == hard[0] && hardly.count < soft.count)
    let overlapping = try Self.found(
      TestAugmentation([.init(64)], merging: BoxMerging(.linearDecay, overlap: 1)))
    // Without any limit nothing decays: the network's best, overlapping or not.
    #expect(overlapping.count == 100 && overlapping[0] == hard[0])
    #expect(overlapping[99].score >= hard[hard.count - 1].score)
  }
}
