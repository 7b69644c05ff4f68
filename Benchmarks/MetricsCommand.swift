import ArgumentParser
import Foundation
import GroundingEvaluation
import Measuring

/// Figures of detections in files, for Scripts/compare-metrics, which holds them against the benchmarks' own code.
struct MetricsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "metrics",
    abstract: "Figures of detections in files, as JSON: what Scripts/compare-metrics compares.",
    shouldDisplay: false)

  @Argument(help: "JSON list of cases.")
  var cases: String

  func run() throws {
    let data = try Data(contentsOf: URL(fileURLWithPath: cases))
    let baseline = Machine.residentBytes
    let results = try JSONDecoder().decode([Case].self, from: data).map { try $0.result(above: baseline) }
    print(String(decoding: try JSONEncoder().encode(results), as: UTF8.self))
  }

  /// Files, and how they are to be measured.
  private struct Case: Decodable {
    let benchmark: Benchmark
    /// Ground truth in COCO's or LVIS's form.
    let truth: String
    let detections: String
    let limits: [Int]?
    let overlaps: [Double]?
    /// Ids of what is measured; all where there is no list.
    let classes, images: [Int]?
    let withCurves: Bool?

    enum Benchmark: String, Decodable {
      case coco, lvis, voc
      case lvisFixed = "lvis-fixed"
    }

    func result(above baseline: Int?) throws -> Result {
      let start = ContinuousClock.now
      let groundTruth = try GroundTruth(contentsOf: URL(fileURLWithPath: truth))
      let detected = try DetectionsFile.read(URL(fileURLWithPath: detections), for: groundTruth)
      let read = ContinuousClock.now
      var result = try figures(groundTruth, detected)
      result.readSeconds = (read - start) / .seconds(1)
      result.evaluationSeconds = (ContinuousClock.now - read) / .seconds(1)
      result.baselineBytes = baseline
      result.peakBytes = Machine.peakBytes
      return result
    }

    private func figures(
      _ groundTruth: GroundTruth, _ detected: ContiguousArray<DetectedBox>
    ) throws -> Result {
      switch benchmark {
      case .coco:
        var parameters = PrecisionParameters()
        if let limits { parameters.detectionLimits = limits }
        if let overlaps { parameters.overlaps = overlaps }
        let evaluation = try COCOEvaluation(
          groundTruth: groundTruth, detections: detected, parameters: parameters,
          classes: positions(classes, groundTruth.classes.map(\.id)),
          images: positions(images, groundTruth.images.map(\.id)))
        return Result(evaluation.figures, evaluation.result, groundTruth, withCurves: withCurves ?? false)
      case .lvis, .lvisFixed:
        let limit: LVISEvaluation.Limit =
          benchmark == .lvis ? .perImage(limits?.last ?? 300) : .perClass(limits?.last ?? 10_000)
        let evaluation = try LVISEvaluation(groundTruth: groundTruth, detections: detected, limit: limit)
        return Result(evaluation.figures, evaluation.result, groundTruth, withCurves: withCurves ?? false)
      case .voc:
        let evaluation = try VOCEvaluation(groundTruth: groundTruth, detections: detected)
        return Result(
          figures: [evaluation.meanAveragePrecision, evaluation.meanElevenPointPrecision],
          classes: evaluation.classes.map { [$0.averagePrecision, $0.elevenPointPrecision] })
      }
    }

    private func positions(_ chosen: [Int]?, _ ids: [Int]) -> Set<Int>? {
      chosen.map { chosen in Set(chosen.compactMap(ids.firstIndex(of:))) }
    }
  }
}

/// What was measured; `nil` where there is no figure.
private struct Result: Encodable {
  /// In the benchmark's order.
  let figures: [Double?]
  /// Average precision, that at an overlap of 0.5, and average recall of each class; VOC: both average precisions.
  let classes: [[Double?]]
  /// Precision and score at the sampled recalls of each class, at an overlap of 0.5.
  var curves: [[[Double]]]?
  var readSeconds = 0.0
  var evaluationSeconds = 0.0
  var baselineBytes, peakBytes: Int?

  init(figures: [Double?], classes: [[Double?]]) { (self.figures, self.classes) = (figures, classes) }

  init(_ figures: [Figure], _ table: PrecisionTable, _ groundTruth: GroundTruth, withCurves: Bool) {
    self.init(
      figures: figures.map(\.value),
      classes: groundTruth.classes.indices.map { index in
        [
          table.averagePrecision(classes: [index]), table.averagePrecision(classes: [index], overlap: 0.5),
          table.averageRecall(classes: [index]),
        ]
      })
    guard withCurves else { return }
    curves = groundTruth.classes.indices.map { index in
      table.curve(classIndex: index, overlap: 0.5).map { [$0.precision, $0.score] }
    }
  }
}
