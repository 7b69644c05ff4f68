import Foundation
import GroundingEvaluation
import Testing

/// Cases whose figures were recorded from pycocotools and lvis (Scripts/compare-metrics).
@Suite struct RecordedTests {
  private struct Recorded: Decodable {
    let `case`: Settings
    let figures: [Double?]
    let classes: [[Double?]]

    struct Settings: Decodable {
      let benchmark: String
      let limits: [Int]?
      let overlaps: [Double]?
      let classes, images: [Int]?
    }
  }

  @Test("Figures are those of the benchmarks' own code")
  func figures() throws {
    let url = try #require(
      Bundle.module.url(forResource: "cases", withExtension: "json", subdirectory: "Fixtures"))
    let data = try Data(contentsOf: url)
    let recorded = try JSONDecoder().decode([Recorded].self, from: data)
    let objects = try #require(try JSONSerialization.jsonObject(with: data) as? [[String: Any]])
    try #require(recorded.count == objects.count && recorded.count >= 20)
    for (index, (expected, object)) in zip(recorded, objects).enumerated() {
      let groundTruth = try GroundTruth(
        json: JSONSerialization.data(withJSONObject: try #require(object["truth"])))
      let detections = try DetectionsFile.read(
        json: JSONSerialization.data(withJSONObject: try #require(object["detections"])), for: groundTruth)
      let found = try measure(expected.case, groundTruth, detections)
      #expect(found.figures.isEqual(to: expected.figures), "case \(index)")
      #expect(found.classes.count == expected.classes.count)
      for (one, other) in zip(found.classes, expected.classes) {
        #expect(one.isEqual(to: other), "case \(index)")
      }
    }
  }

  private func measure(
    _ settings: Recorded.Settings, _ groundTruth: GroundTruth, _ detections: ContiguousArray<DetectedBox>
  ) throws -> (figures: [Double?], classes: [[Double?]]) {
    func classes(_ table: PrecisionTable) -> [[Double?]] {
      groundTruth.classes.indices.map { index in
        [
          table.averagePrecision(classes: [index]), table.averagePrecision(classes: [index], overlap: 0.5),
          table.averageRecall(classes: [index]),
        ]
      }
    }
    func positions(_ ids: [Int]?, _ all: [Int]) -> Set<Int>? {
      ids.map { Set($0.compactMap(all.firstIndex(of:))) }
    }
    switch settings.benchmark {
    case "coco":
      var parameters = PrecisionParameters()
      parameters.detectionLimits = settings.limits ?? parameters.detectionLimits
      parameters.overlaps = settings.overlaps ?? parameters.overlaps
      let evaluation = try COCOEvaluation(
        groundTruth: groundTruth, detections: detections, parameters: parameters,
        classes: positions(settings.classes, groundTruth.classes.map(\.id)),
        images: positions(settings.images, groundTruth.images.map(\.id)))
      return (evaluation.figures.map(\.value), classes(evaluation.result))
    case "voc":
      let evaluation = try VOCEvaluation(groundTruth: groundTruth, detections: detections)
      return (
        [evaluation.meanAveragePrecision, evaluation.meanElevenPointPrecision],
        evaluation.classes.map { [$0.averagePrecision, $0.elevenPointPrecision] }
      )
    default:
      let isFixed = settings.benchmark == "lvis-fixed"
      let limit: LVISEvaluation.Limit =
        isFixed ? .perClass(settings.limits?.last ?? 10_000) : .perImage(settings.limits?.last ?? 300)
      let evaluation = try LVISEvaluation(groundTruth: groundTruth, detections: detections, limit: limit)
      return (evaluation.figures.map(\.value), classes(evaluation.result))
    }
  }
}

extension [Double?] {
  /// With nothing where the other has nothing.
  fileprivate func isEqual(to other: [Double?]) -> Bool {
    count == other.count
      && zip(self, other).allSatisfy { one, other in
        if let other { one.isAbout(other) } else { one == nil }
      }
  }
}
