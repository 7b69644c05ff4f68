import ArgumentParser
import Foundation
import GLIP
import Measuring
import Pictures
import Torch

struct MemoryCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "memory",
    abstract: "Memory and start of a fresh process for each precision, from a file in that precision.",
    discussion: """
      Memory counts from what a process holds once libtorch is loaded and has computed something; pages of the mapped \
      file that were read belong to it. The file is in the system's cache.
      """)

  @OptionGroup var common: CommonOptions

  func run() throws {
    let results = try Precision.available.map { precision in
      let file = try DemonstrationFile(precision)
      note("Measuring \(precision.rawValue)")
      let processes = try (0..<common.runs).map { _ in try measure(file.url, precision) }
      return Result(
        precision: precision.rawValue,
        fileBytes: try FileManager.default.attributesOfItem(atPath: file.url.path)[.size] as? Int ?? 0,
        processes: processes)
    }
    try common.report(results, [Result.table(results)])
  }

  /// What a process of its own tells.
  private func measure(_ file: URL, _ precision: Precision) throws -> Life {
    let process = Process()
    process.executableURL = Bundle.main.executableURL
    let threads = common.threads.map { ["--threads", "\($0)"] } ?? []
    let start = "\(DispatchTime.now().uptimeNanoseconds)"
    process.arguments = ["memory-run", file.path, precision.rawValue, start] + threads
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw ExitCode.failure }
    return try JSONDecoder().decode(Life.self, from: data)
  }

  /// The process that is measured.
  struct Run: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "memory-run", shouldDisplay: false)

    @Argument var file: String
    @Argument var precision: Precision
    /// When the process was started, in nanoseconds of the system's clock.
    @Argument var start: UInt64
    @Option var threads: Int?

    func run() throws {
      func elapsed() -> Double { Double(DispatchTime.now().uptimeNanoseconds - start) / 1e9 }
      if let threads { try Runtime.setThreadCount(threads) }
      let one = try Tensor.full([64, 64], 1)
      _ = try one.matmul(one)
      let loaded = elapsed()
      let baseline = Machine.residentBytes
      let isPeakKnown = Machine.resetPeak()

      let detector = try Detector(checkpoint: URL(fileURLWithPath: file), precision: precision)
      let ready = elapsed()
      let picture = Picture.generated(side: 800)
      _ = try detector.detect(picture, Names.three)
      let life = Life(
        libtorchSeconds: loaded, networkSeconds: ready, resultSeconds: elapsed(), baselineBytes: baseline,
        peakBytes: isPeakKnown ? Machine.peakBytes : nil)
      print(String(decoding: try JSONEncoder().encode(life), as: UTF8.self))
    }
  }
}

/// What one process has measured of itself; seconds are from its start.
private struct Life: Codable {
  /// Until libtorch was loaded and had computed something.
  let libtorchSeconds: Double
  /// Until the network was loaded.
  let networkSeconds: Double
  /// Until the first picture was done.
  let resultSeconds: Double
  /// Resident when libtorch was loaded; `nil` where the system does not tell.
  let baselineBytes: Int?
  let peakBytes: Int?
}

private struct Result: Encodable {
  let precision: String
  let fileBytes: Int
  let processes: [Life]

  static func table(_ results: [Result]) -> String {
    func median(_ value: (Life) -> Double?, _ life: [Life]) -> Double? {
      let values = life.compactMap(value)
      return values.isEmpty ? nil : Timings(values).median
    }
    let rows = results.map { result in
      let columns: [(value: (Life) -> Double?, decimals: Int)] = [
        ({ $0.baselineBytes.map { Double($0) / 1e6 } }, 0),
        (
          { life in
            guard let peak = life.peakBytes, let baseline = life.baselineBytes else { return nil }
            return Double(peak - baseline) / 1e6
          }, 0
        ),
        (\.libtorchSeconds, 2), (\.networkSeconds, 2), (\.resultSeconds, 2),
      ]
      return [result.precision, number(Double(result.fileBytes) / 1e6, 0)]
        + columns.map { column in
          median(column.value, result.processes).map { number($0, column.decimals) } ?? "unknown"
        }
    }
    let head = [
      "", "file MB", "libtorch MB", "MB above it", "s to libtorch", "s to the network", "s to a result",
    ]
    return Measuring.table([head] + rows)
  }
}
