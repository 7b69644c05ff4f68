import Foundation
import GLIP
import GroundingEvaluation
import Pictures
import Testing

/// Boxes that overlap become one, or fewer, or lose score.
struct MergingTests {
  private static func detection(
    _ x: Double, _ score: Double, label: Int = 0, side: Double = 100
  ) -> Detection {
    Detection(
      label: "label \(label)", labelIndex: label, span: 0..<1, score: score,
      box: PixelBox(x0: x, y0: 0, x1: x + side - 1, y1: side - 1))
  }

  /// Any number of boxes, some of which overlap; scores differ.
  private static func scene(_ seed: UInt64, count: Int = 40, labels: Int = 3) -> [Detection] {
    var generator = SplitMix(state: seed)
    return (0..<count).map { index in
      detection(
        Double.random(in: 0...300, using: &generator),
        (Double.random(in: 0.05...0.9, using: &generator) * 1000).rounded() / 1000 + Double(index) / 1e6,
        label: Int.random(in: 0..<labels, using: &generator),
        side: Double.random(in: 50...120, using: &generator))
    }
  }

  private static func merged(
    _ detections: [Detection], _ method: BoxMerging.Method, overlap: Double = 0.6
  ) -> [Detection] {
    BoxMerging(method, overlap: overlap).merged(detections)
  }

  @Test func suppressionKeepsTheBestOfThoseThatOverlapByMoreThanTheLimit() {
    // 100 wide and 25 apart: 75 of 125 in common, the limit itself.
    let pair = [Self.detection(0, 0.5), Self.detection(25, 0.9)]
    #expect(Self.merged(pair, .suppression) == [pair[1], pair[0]])
    #expect(Self.merged(pair, .suppression, overlap: 0.59) == [pair[1]])
    let other = [Self.detection(0, 0.5), Self.detection(0, 0.9, label: 1)]
    #expect(Self.merged(other, .suppression).count == 2)
  }

  @Test func aVoteIsTheMeanByScoreWithTheBestScore() {
    let found = Self.merged([Self.detection(0, 0.3), Self.detection(20, 0.9)], .voting)
    #expect(found.count == 1)
    #expect(found[0].score == 0.9)
    #expect(abs(found[0].box.x0 - 15) < 1e-12 && abs(found[0].box.x1 - 114) < 1e-12)
    // The limit itself counts, other than with suppression.
    #expect(Self.merged([Self.detection(0, 0.5), Self.detection(25, 0.9)], .voting).count == 1)
    #expect(Self.merged([Self.detection(0, 0.5), Self.detection(26, 0.9)], .voting).count == 2)
  }

  @Test func aVoteOfTheSameBoxIsTheBox() {
    let box = Self.detection(31, 0.7).box
    let found = Self.merged([0.2, 0.7, 0.4].map { Self.detection(31, $0) }, .voting)
    #expect(found.count == 1 && found[0].score == 0.7)
    for side in [\PixelBox.x0, \.y0, \.x1, \.y1] {
      #expect(abs(found[0].box[keyPath: side] - box[keyPath: side]) < 1e-12)
    }
  }

  @Test func scoresDecayByTheShareInCommon() {
    let pair = [Self.detection(0, 0.9), Self.detection(20, 0.5)]
    let share = 80.0 / 120
    let linear = Self.merged(pair, .linearDecay)
    #expect(linear.map(\.box) == pair.map(\.box))
    #expect(abs(linear[1].score - 0.5 * (1 - share)) < 1e-12)
    #expect(Self.merged(pair, .linearDecay, overlap: 0.7) == pair)
    let gaussian = Self.merged(pair, .gaussianDecay(sigma: 0.5))
    #expect(abs(gaussian[1].score - 0.5 * exp(-share * share / 0.5)) < 1e-12)
    #expect(BoxMerging(.gaussianDecay(sigma: 0.5), leastScore: 0.3).merged(pair) == [pair[0]])
  }

  @Test func aDecayedScoreIsRankedAnew() {
    // The second falls behind the third, which then is the one that takes from it.
    let three = [Self.detection(0, 0.9), Self.detection(30, 0.8), Self.detection(101, 0.5)]
    let found = Self.merged(three, .gaussianDecay(sigma: 0.1))
    #expect(found.map(\.box.x0) == [0, 101, 30])
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func decayWithoutMeasureIsSuppressionOfAllThatTouch(seed: UInt64) {
    let scene = Self.scene(seed)
    #expect(
      Self.merged(scene, .gaussianDecay(sigma: 1e-9)) == Self.merged(scene, .suppression, overlap: 0))
  }

  @Test(arguments: [.suppression, .voting, .linearDecay, .gaussianDecay(sigma: 0.5)] as [BoxMerging.Method])
  func propertiesOfEveryMethod(method: BoxMerging.Method) {
    #expect(Self.merged([], method).isEmpty)
    for seed in 0..<20 as Range<UInt64> {
      let scene = Self.scene(seed)
      let found = Self.merged(scene, method)
      #expect(found.map(\.score) == found.map(\.score).sorted(by: >))
      #expect(found.count <= scene.count && found.first?.score == scene.map(\.score).max())
      // The order of what comes in does not matter, nor do other labels.
      #expect(Self.merged(scene.reversed(), method) == found)
      let first = scene.filter { $0.labelIndex == 0 }
      #expect(Self.merged(first, method) == found.filter { $0.labelIndex == 0 })
      // Boxes that do not touch stay as they are.
      let apart = (0..<5).map { Self.detection(Double($0) * 100, 0.9 - Double($0) / 10) }
      #expect(Self.merged(apart, method) == apart)
    }
  }

  @Test func brokenBoxesDoNoHarm() {
    var broken = Self.detection(0, 0.5)
    broken.box = PixelBox(x0: 5, y0: 5, x1: 0, y1: .nan)
    for method in [.suppression, .voting, .linearDecay, .gaussianDecay(sigma: 0.5)] as [BoxMerging.Method] {
      #expect(!Self.merged([broken, broken, Self.detection(0, 0.9)], method).isEmpty)
    }
  }

  @Test func settingsThatMakeNoSenseAreRefused() {
    for merging in [
      BoxMerging(overlap: 1.5), BoxMerging(.gaussianDecay(sigma: 0)), BoxMerging(leastScore: .nan),
    ] {
      #expect(throws: EvaluationError.self) { try merging.validate() }
    }
    #expect(throws: EvaluationError.self) { try TestAugmentation([]).validate() }
    #expect(throws: DetectorError.self) { try TestAugmentation([.init(10)]).validate() }
    #expect(throws: Never.self) { try TestAugmentation.authors.validate() }
    #expect(TestAugmentation.authors.viewCount == 24)
  }

  @Test func aMirroredBoxComesBackExactly() {
    let box = PixelBox(x0: 0, y0: 3, x1: 12, y1: 40)
    #expect(box.mirrored(width: 100) == PixelBox(x0: 87, y0: 3, x1: 99, y1: 40))
    #expect(box.mirrored(width: 100).mirrored(width: 100) == box)
  }
}
