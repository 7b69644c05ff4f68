import GroundingEvaluation
import Testing

@Suite struct VOCTests {
  private func truth(_ boxes: [GroundTruthBox]) throws -> GroundTruth {
    try GroundTruth(
      images: [.init(id: 1)], classes: [.init(id: 1, name: "dog"), .init(id: 2, name: "cat")], boxes: boxes)
  }

  private func object(_ x: Double, isDifficult: Bool = false) -> GroundTruthBox {
    GroundTruthBox(
      imageIndex: 0, classIndex: 0, rectangle: Rectangle(x: x, y: 0, width: 10, height: 10),
      isDifficult: isDifficult)
  }

  private func found(_ x: Double, _ score: Double) -> DetectedBox {
    DetectedBox(
      imageIndex: 0, classIndex: 0, rectangle: Rectangle(x: x, y: 0, width: 10, height: 10), score: score)
  }

  @Test("Average precision by the area and by eleven points, computed by hand")
  func values() throws {
    let truth = try truth([object(0), object(20)])
    // Right, wrong, right: precision 1, 1/2, 2/3 at recalls 1/2, 1/2, 1.
    let evaluation = try VOCEvaluation(
      groundTruth: truth, detections: [found(0, 0.9), found(50, 0.8), found(20, 0.7)])
    #expect(evaluation.meanAveragePrecision.isAbout(0.5 + 0.5 * 2 / 3))
    #expect(evaluation.meanElevenPointPrecision.isAbout((6 + 5 * 2.0 / 3) / 11))
    #expect(evaluation.classes[1].averagePrecision == nil)
  }

  @Test("Difficult objects count neither way, however often they are found")
  func difficult() throws {
    let truth = try truth([object(0), object(20, isDifficult: true)])
    let evaluation = try VOCEvaluation(
      groundTruth: truth, detections: [found(20, 0.9), found(21, 0.8), found(0, 0.7)])
    #expect(evaluation.meanAveragePrecision == 1)
  }

  @Test("A detection does not pass on to another object when its own is taken")
  func taken() throws {
    // Both overlap the second detection; it overlaps the first object more.
    let truth = try truth([object(0), object(3)])
    let evaluation = try VOCEvaluation(groundTruth: truth, detections: [found(0, 0.9), found(1, 0.8)])
    #expect(evaluation.classes[0].precisions == [1, 0.5])
    let coco = try COCOEvaluation(groundTruth: truth, detections: [found(0, 0.9), found(1, 0.8)])
    #expect(coco.result.averageRecall(overlap: 0.5) == 1)
  }
}
