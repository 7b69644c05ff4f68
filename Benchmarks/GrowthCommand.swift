import ArgumentParser
import GLIP
import Measuring
import Pictures

extension Precision: ExpressibleByArgument {}

struct GrowthCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "growth", abstract: "How time grows with picture size, number of classes, and batch.")

  @OptionGroup var common: CommonOptions

  @Option(help: "Arithmetic of the network.")
  var precision = Precision.automatic

  @Option(help: ArgumentHelp("The largest batch; smaller ones are its halves.", valueName: "count"))
  var largestBatch = 8

  @Option(help: "What is to grow.")
  var series = Subject.allCases

  enum Subject: String, CaseIterable, ExpressibleByArgument { case size, classes, batch }

  func validate() throws {
    guard (1...8).contains(largestBatch) else {
      throw ValidationError("--largest-batch is \(largestBatch); it must be 1 to 8")
    }
  }

  func run() throws {
    let detector = try DemonstrationFile(precision).detector()
    let batches = [1, 2, 4, 8].filter { $0 <= largestBatch }
    let series = try self.series.map { subject in
      switch subject {
      case .size:
        try measure(detector, "picture size", [320, 480, 640, 800, 1024].map { Case("\($0)", side: $0) })
      case .classes:
        try measure(detector, "classes", [1, 80, 1203].map { Case("\($0)", prompt: Names.generated($0)) })
      case .batch: try measure(detector, "batch", batches.map { Case("\($0)", batch: $0) })
      }
    }
    try common.report(series, series.map(\.table))
  }

  private struct Case {
    let value: String
    var side = 800
    var prompt = Names.three
    var batch = 1

    init(_ value: String, side: Int = 800, prompt: Prompt = Names.three, batch: Int = 1) {
      (self.value, self.side, self.prompt, self.batch) = (value, side, prompt, batch)
    }
  }

  private func measure(_ detector: Detector, _ name: String, _ cases: [Case]) throws -> Series {
    note("Measuring growth with \(name)")
    let timings = try alternating(
      runs: common.runs,
      cases.map { item in
        let pictures = [Picture](repeating: .generated(side: item.side), count: item.batch)
        let options = DetectionOptions(side: item.side)
        return { _ = try detector.detect(pictures, item.prompt, options: options) }
      })
    let points = try zip(cases, timings).map { item, timings in
      let picture = Picture.generated(side: item.side)
      let tokens = try detector.prompts.encode(item.prompt).map(\.ids.count)
      let needed = multiplyAdds(
        detector.model.configuration, height: picture.height, width: picture.width, tokens: tokens)
      return Series.Point(
        value: item.value, width: picture.width, height: picture.height, tokens: tokens, batch: item.batch,
        seconds: timings.seconds, secondsPerPicture: timings.median / Double(item.batch),
        multiplyAdds: needed)
    }
    return Series(name: name, precision: detector.precision.rawValue, points: points)
  }
}

private struct Series: Encodable {
  struct Point: Encodable {
    let value: String
    let width, height: Int
    let tokens: [Int]
    let batch: Int
    /// Of every run, shortest first.
    let seconds: [Double]
    /// The median.
    let secondsPerPicture: Double
    /// Needed for one picture.
    let multiplyAdds: MultiplyAdds
  }

  let name: String
  let precision: String
  let points: [Point]

  var table: String {
    let rows = points.map { point in
      let needed = Double(point.multiplyAdds.perPicture)
      return [
        point.value, "\(point.width) x \(point.height)", "\(point.tokens.reduce(0, +))",
        "\(point.tokens.count)", "\(point.batch)", number(point.secondsPerPicture, 3),
        number(needed / 1e9, 1), number(2e-9 * needed / point.secondsPerPicture, 0),
      ]
    }
    return Measuring.table(
      [[name, "pixels", "tokens", "texts", "batch", "s a picture", "G multiply-adds", "GFLOP/s"]] + rows)
  }
}
