import ArgumentParser
import Foundation
import Measuring
import Torch

/// For developers: how fast the parts and the whole are, and against what.
@main
struct Benchmarks: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "glip-benchmarks",
    abstract: "Measures GLIP-T with computed weights on pictures of 800 x 1333 pixels.",
    subcommands: [
      CompareCommand.self, GrowthCommand.self, MemoryCommand.self, FunctionsCommand.self,
      AgreementCommand.self, TrainingCommand.self,
      MemoryCommand.Run.self, MetricsCommand.self,
    ])
}

/// What all benchmarks take.
struct CommonOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Runs of everything that count.", valueName: "count"))
  var runs = 5

  @Option(help: ArgumentHelp("Threads to compute with. (default: one for each core)", valueName: "count"))
  var threads: Int?

  @Option(help: ArgumentHelp("Where the result goes as JSON.", valueName: "file"))
  var json: String?

  func validate() throws {
    guard runs > 0 else { throw ValidationError("--runs is \(runs); it must be at least 1") }
    // Known before the minutes that it takes.
    if let folder = json.map({ URL(fileURLWithPath: $0).deletingLastPathComponent().path }) {
      guard FileManager.default.isWritableFile(atPath: folder) else {
        throw ValidationError("Nothing can be written in \(folder)")
      }
    }
    if let threads { try Runtime.setThreadCount(threads) }
    if let load = Self.load, load > 0.5 {
      note("The machine is busy (load \(number(load, 1))): times will be long and ratios off")
    }
  }

  /// Of the machine before there is any of ours.
  fileprivate static let load = Machine.load

  /// Prints the tables, and writes the result if that was asked for.
  func report(_ result: some Encodable, _ tables: [String]) throws {
    print(tables.joined(separator: "\n\n"))
    guard let json else { return }
    try Measuring.json(Report(result: result)).write(to: URL(fileURLWithPath: json), options: .atomic)
  }
}

/// A result and where it was measured.
private struct Report<Result: Encodable>: Encodable {
  let processor = Machine.processor
  let instructions = Runtime.cpuCapability
  let libtorch = Runtime.version
  let threads = try? Runtime.threadCount
  let loadBefore = CommonOptions.load
  let result: Result
}

/// Says on the standard error stream what is being done, since some of it takes minutes.
func note(_ text: String) { FileHandle.standardError.write(Data("\(text)\n".utf8)) }

/// A number for a table.
func number(_ value: Double, _ decimals: Int) -> String { String(format: "%.\(decimals)f", value) }
