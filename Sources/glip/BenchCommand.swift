import ArgumentParser
import Foundation
import GLIP
import Measuring
import Pictures
import RunLog
import Torch

struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measure how fast detecting is on this machine.",
    discussion: """
      The same picture is searched again and again; what is reported are times of whole calls, the parts of the network
      they go to, memory, and how near the work comes to the fastest matrix product that this processor computes.
      """)

  @Argument(help: "The picture; without one, a computed picture of 1333 x 800 pixels.")
  var picture: String?

  @OptionGroup(title: "What to look for") var prompt: PromptOptions
  @OptionGroup(title: "The network") var model: ModelOptions
  @OptionGroup(title: "What to report") var report: ReportOptions

  @Option(help: ArgumentHelp("Runs that count.", valueName: "count"))
  var runs = 10

  @Option(help: ArgumentHelp("Runs before, that do not.", valueName: "count"))
  var warmup = 2

  @Option(help: ArgumentHelp("Pictures of one run; it is the same one several times.", valueName: "count"))
  var batch = 1

  @Option(help: ArgumentHelp("Where the result goes as JSON; - for the standard output.", valueName: "file"))
  var json: String?

  func validate() throws {
    for (name, value, range) in [
      ("runs", runs, 1...100_000), ("warmup", warmup, 0...100_000), ("batch", batch, 1...1024),
    ] where !range.contains(value) {
      throw ValidationError(
        "--\(name) is \(value); it must be from \(range.lowerBound) to \(range.upperBound)")
    }
  }

  func run() throws {
    let inputs = [picture].compactMap { $0 } + prompt.files + (try model.files())
    let target = try json.flatMap { $0 == "-" ? nil : try Destination($0, keeping: inputs) }
    let picture = try readPicture()
    let prompt = try prompt.resolved()
    let options = report.resolved()
    let detector = try model.detector(style: self.prompt.style.value)
    let texts = try detector.validate(prompt, options: options)
    try target?.makeFolder()
    model.warn(about: detector)

    let result = try measure(detector, picture, prompt, texts, options)
    let data = try Measuring.json(result)
    try target?.write(data + Data("\n".utf8))
    try say(json == "-" ? String(decoding: data, as: UTF8.self) : result.text)
  }

  private func readPicture() throws -> Picture {
    guard let picture else { return .generated(width: 1333, height: 800) }
    do { return try Picture(contentsOf: URL(fileURLWithPath: picture)) } catch {
      throw CommandError(error, at: picture)
    }
  }

  private func measure(
    _ detector: Detector, _ picture: Picture, _ prompt: Prompt, _ texts: [EncodedPrompt],
    _ options: DetectionOptions
  ) throws -> BenchResult {
    let pictures = [Picture](repeating: picture, count: batch)
    let detect = { _ = try detector.detect(pictures, prompt, options: options) }
    let progress = ProgressLine()
    defer { progress.clear() }
    func repeated(_ count: Int, after done: Int) throws -> Timings {
      let show = { progress.show(done + $0, of: warmup + runs, unit: "runs") }
      return try alternating(runs: count, warmup: 0, afterRun: show, [detect])[0]
    }
    progress.show(0, of: warmup + runs, unit: "runs")
    if warmup > 0 { _ = try repeated(warmup, after: 0) }
    let clock = StageClock()
    let isPeakKnown = Machine.resetPeak()
    let timings = try clock.measuring { try repeated(runs, after: warmup) }
    let peakBytes = isPeakKnown ? Machine.peakBytes : nil

    progress.show("Measuring products of matrices")
    let arithmetic = MatrixPeak.Arithmetic(rawValue: detector.precision.rawValue)
    let matrixPeak = try detector.device.isCPU ? arithmetic.flatMap { try MatrixPeak.measured($0) } : nil
    let size = detector.resize(options).size(width: picture.width, height: picture.height)
    let tokens = texts.map(\.ids.count)
    let needed = multiplyAdds(
      detector.model.configuration, height: size.height, width: size.width, tokens: tokens)
    let rate = Double(needed.perPicture * batch) / timings.median
    return BenchResult(
      model: model.model, processor: Machine.processor, device: detector.device.name,
      threads: try Runtime.threadCount, precision: detector.precision.rawValue, width: size.width,
      height: size.height, batch: batch, tokens: tokens, runs: runs,
      latency: BenchResult.Latency(timings), picturesPerSecond: Double(runs * batch) / timings.total,
      peakBytes: peakBytes, multiplyAdds: needed, gigaflopsPerSecond: rate * 2e-9,
      matrixGigaflopsPerSecond: matrixPeak.map { $0 * 2e-9 }, shareOfMatrixPeak: matrixPeak.map { rate / $0 },
      stages: StageClock.Stage.allCases.compactMap { stage in
        clock.seconds[stage].map {
          BenchResult.Stage(
            name: stage.words, seconds: $0 / Double(runs), multiplyAdds: needed.count(of: stage) * batch)
        }
      })
  }
}
