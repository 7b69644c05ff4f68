import ArgumentParser
import GLIP
import Measuring
import Pictures

struct CompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Whole detections against a straightforward port, in turn in one process.",
    discussion: """
      The port pads prompts, projects the fusion in full, encodes the prompt for every picture, and calls libtorch's \
      operators one by one. Shares are of the fastest matrix product in the same arithmetic, measured in the same run.
      """)

  @OptionGroup var common: CommonOptions

  @Option(help: ArgumentHelp("Shorter side of the picture.", valueName: "pixels"))
  var side = 800

  func validate() throws {
    guard (32...4096).contains(side) else {
      throw ValidationError("--side is \(side); it must be 32 to 4096")
    }
  }

  func run() throws {
    let contestants = try [Contestant.plainPort()] + Precision.available.map(Contestant.ours)
    var peaks = try Self.peaks()
    let comparisons = try [("3 classes", Names.three), ("80 classes", Names.coco)].map { name, prompt in
      note("Comparing with \(name)")
      return try compare(contestants, name, prompt)
    }
    // The machine may have been busy the first time.
    peaks.merge(try Self.peaks(), uniquingKeysWith: max)
    let result = Result(matrixPeaks: peaks.mapValues { 2e-9 * $0 }, comparisons: comparisons)
    try common.report(result, comparisons.flatMap { [$0.table(peaks), $0.stageTable] })
  }

  private static func peaks() throws -> [String: Double] {
    note("Measuring products of matrices")
    return try Dictionary(
      uniqueKeysWithValues: MatrixPeak.Arithmetic.allCases.compactMap { arithmetic in
        try MatrixPeak.measured(arithmetic).map { (arithmetic.rawValue, $0) }
      })
  }

  private func compare(_ contestants: [Contestant], _ name: String, _ prompt: Prompt) throws -> Comparison {
    let options = DetectionOptions(side: side)
    let picture = Picture.generated(side: side)
    let clocks = contestants.map { _ in StageClock() }
    let work = contestants.map { contestant in { try contestant.detect(picture, prompt, options) } }
    _ = try alternating(runs: 1, warmup: 0, work)
    let timings = try alternating(
      runs: common.runs, warmup: 0,
      zip(clocks, work).map { clock, body in { try clock.measuring(body) } })
    let tokens = try PromptEncoder(tokenizer: .bertUncased()).encode(prompt).map(\.ids.count)
    let needed = multiplyAdds(
      DemonstrationFile.configuration, height: picture.height, width: picture.width, tokens: tokens)
    return Comparison(
      prompt: name, tokens: tokens, width: picture.width, height: picture.height, multiplyAdds: needed,
      contestants: contestants.indices.map { index in
        Comparison.Contestant(
          name: contestants[index].name, arithmetic: contestants[index].arithmetic?.rawValue,
          seconds: timings[index].seconds, median: timings[index].median,
          timesAsFast: timings[0].median / timings[index].median,
          stages: StageClock.Stage.allCases.map { stage in
            Comparison.Stage(
              name: stage.words, seconds: (clocks[index].seconds[stage] ?? 0) / Double(common.runs))
          })
      })
  }
}

/// One way to detect.
private struct Contestant {
  let name: String
  let arithmetic: MatrixPeak.Arithmetic?
  let detect: (Picture, Prompt, DetectionOptions) throws -> Void

  static func plainPort() throws -> Contestant {
    let detector = try DemonstrationFile(.float32).plainDetector()
    return Contestant(name: "plain port", arithmetic: .fp32) {
      _ = try detector.detect([$0], $1, options: $2)
    }
  }

  static func ours(_ precision: Precision) throws -> Contestant {
    let detector = try DemonstrationFile(precision).detector()
    return Contestant(name: precision.rawValue, arithmetic: MatrixPeak.Arithmetic(precision)) {
      _ = try detector.detect($0, $1, options: $2)
    }
  }
}

private struct Result: Encodable {
  /// GFLOP/s of the fastest product, by arithmetic.
  let matrixPeaks: [String: Double]
  let comparisons: [Comparison]
}

private struct Comparison: Encodable {
  struct Stage: Encodable {
    let name: String
    /// The mean of all runs.
    let seconds: Double
  }

  struct Contestant: Encodable {
    let name: String
    let arithmetic: String?
    /// Of every run, shortest first.
    let seconds: [Double]
    let median: Double
    /// The plain port's median over this one.
    let timesAsFast: Double
    let stages: [Stage]
  }

  let prompt: String
  let tokens: [Int]
  let width, height: Int
  /// Needed for the picture.
  let multiplyAdds: MultiplyAdds
  let contestants: [Contestant]

  func table(_ peaks: [String: Double]) -> String {
    let rows = contestants.map { contestant in
      let rate = Double(multiplyAdds.perPicture) / contestant.median
      let peak = contestant.arithmetic.flatMap { peaks[$0] }
      return [
        contestant.name, number(contestant.median, 3), number(contestant.seconds[0], 3),
        number(contestant.timesAsFast, 2), number(2e-9 * rate, 0), peak.map { number(2e-9 * $0, 0) } ?? "",
        peak.map { number(100 * rate / $0, 0) + " %" } ?? "",
      ]
    }
    let title =
      "\(prompt), \(tokens.reduce(0, +)) tokens, \(width) x \(height) pixels: "
      + "\(number(Double(multiplyAdds.perPicture) / 1e9, 1)) G multiply-adds needed"
    return title + "\n"
      + Measuring.table(
        [["", "median s", "min s", "times as fast", "GFLOP/s", "peak", "share"]] + rows)
  }

  var stageTable: String {
    let rows = StageClock.Stage.allCases.indices.map { stage in
      [contestants[0].stages[stage].name] + contestants.map { number($0.stages[stage].seconds, 4) }
    }
    return Measuring.table([["seconds"] + contestants.map(\.name)] + rows)
  }
}
