import ArgumentParser
import Foundation
import GLIP
import Measuring
import Pictures
import Torch

struct AgreementCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "agreement",
    abstract: "How far the detections of each precision agree with those of float32.",
    discussion: """
      A float32 detection is matched by one of the same label whose box overlaps it by at least 0.9 of their union. \
      int8 is calibrated on the first four pictures, which then do not count. The weights are computed, not trained: \
      they place boxes by chance and make more of small differences than trained ones.
      """)

  @Argument(help: "Pictures, five at least.")
  var pictures: [String]

  @OptionGroup var common: CommonOptions

  @Option(help: ArgumentHelp("Shorter side of the pictures.", valueName: "pixels"))
  var side = 800

  @Option(help: ArgumentHelp("The best detections of a picture that are compared.", valueName: "count"))
  var best = 20

  private static let calibrated = 4

  func validate() throws {
    guard pictures.count > Self.calibrated else {
      throw ValidationError("\(pictures.count) pictures are too few; \(Self.calibrated + 1) are needed")
    }
  }

  func run() throws {
    let all = try pictures.map { try Picture(contentsOf: URL(fileURLWithPath: $0)) }
    let compared = all.dropFirst(Self.calibrated)
    var options = DetectionOptions(side: side)
    options.threshold = 0
    // A few more, so that one that comes last here may come a little later there.
    options.maximumDetections = 2 * best
    func detect(_ detector: Detector) throws -> [[Detection]] {
      try compared.map { try detector.detect($0, Names.three, options: options) }
    }
    let file = try DemonstrationFile(.float32)
    let exact = try file.detector()
    let expected = try detect(exact).map { Array($0.prefix(best)) }
    let exactTrace = try Self.trace(exact, compared.first, options)
    let rows = try Precision.available.filter { $0 != .float32 }.map { precision in
      note("Comparing \(precision.rawValue)")
      let file = try DemonstrationFile(precision, calibratedOn: Array(all.prefix(Self.calibrated)), options)
      let other = try file.detector()
      let errors = try zip(exactTrace, Self.trace(other, compared.first, options)).map { exact, other in
        try Self.error(of: other, from: exact)
      }
      return Agreement(precision.rawValue, expected: expected, found: try detect(other), errors: errors)
    }
    try common.report(rows, [Agreement.table(rows, pictures: compared.count)])
  }

  /// What is compared besides detections, on the first picture: names of a trace, and words for them.
  fileprivate static let stages = [
    ("body_stage3", "encoder"), ("fpn_p0", "pyramid"), ("head0_dyconv_v0", "first block"),
    ("head5_dyconv_v0", "last block"),
  ]

  private static func trace(
    _ detector: Detector, _ picture: Picture?, _ options: DetectionOptions
  ) throws -> [Tensor] {
    guard let picture else { return [] }
    let recorded = try detector.trace(picture, Names.three, options: options)
    return stages.compactMap { name, _ in recorded.first { $0.name == name }?.tensor }
  }

  /// Root mean square of the difference, relative to that of the exact numbers about their mean.
  private static func error(of x: Tensor, from exact: Tensor) throws -> Double {
    func power(_ x: Tensor) throws -> Double { try (x * x).mean([]).item() }
    let exact = try exact.to(.float32)
    return try (power(x.to(.float32) - exact) / power(exact - exact.mean([]))).squareRoot()
  }
}

private struct Agreement: Encodable {
  let precision: String
  let detections: Int
  /// Share of the float32 detections that are found at the same place under the same label.
  let matched: Double
  /// Of the scores of matched detections.
  let meanDifference, largestDifference: Double
  /// Of `AgreementCommand.stages`.
  let errors: [Double]

  init(_ precision: String, expected: [[Detection]], found: [[Detection]], errors: [Double]) {
    self.errors = errors
    let differences = zip(expected, found).flatMap { wanted, found in
      wanted.compactMap { one in
        found.filter { $0.label == one.label && Self.overlap($0.box, one.box) >= 0.9 }
          .map { abs($0.score - one.score) }.min()
      }
    }
    self.precision = precision
    detections = expected.joined().count
    matched = Double(differences.count) / Double(max(detections, 1))
    meanDifference = differences.reduce(0, +) / Double(max(differences.count, 1))
    largestDifference = differences.max() ?? 0
  }

  private static func overlap(_ a: PixelBox, _ b: PixelBox) -> Double {
    let shared = max(min(a.x1, b.x1) - max(a.x0, b.x0), 0) * max(min(a.y1, b.y1) - max(a.y0, b.y0), 0)
    return shared / max(a.width * a.height + b.width * b.height - shared, 1e-9)
  }

  static func table(_ rows: [Agreement], pictures: Int) -> String {
    Measuring.table(
      [
        ["\(pictures) pictures", "detections", "matched at 0.9", "mean difference", "largest"]
          + AgreementCommand.stages.map(\.1)
      ]
        + rows.map {
          [
            $0.precision, "\($0.detections)", number(100 * $0.matched, 1) + " %",
            number($0.meanDifference, 4),
            number($0.largestDifference, 4),
          ] + $0.errors.map { number(100 * $0, 1) + " %" }
        })
  }
}
