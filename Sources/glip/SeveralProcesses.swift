import Foundation
import Torch

/// A command that works in several processes: those that it starts itself, or that a launcher has started.
enum SeveralProcesses {
  /// This process's place among those of a launcher; nil where it is alone.
  static func environment() throws -> RunEnvironment? {
    try RunEnvironment(ProcessInfo.processInfo.environment)
  }

  /// Runs this very command in `count` processes on this machine, and returns when all have finished.
  ///
  /// - Parameters:
  ///   - threads: of each; nil to share the cores evenly
  ///   - advice: what to do where one failed, as a sentence without full stop
  /// - Throws: `CommandError` where one failed.
  static func run(_ count: Int, threads: Int?, advice: String? = nil) throws {
    var arguments: [String] = []
    var rest = CommandLine.arguments.dropFirst()
    while let argument = rest.popFirst() {
      if argument == "--processes" {
        rest = rest.dropFirst()
      } else if !argument.hasPrefix("--processes=") {
        arguments.append(argument)
      }
    }
    // Threads of more than one process to a core would wait for each other.
    let cores = ProcessInfo.processInfo.activeProcessorCount
    if threads == nil { arguments += ["--threads", "\(max(cores / count, 1))"] }
    switch try Launcher(processes: count, arguments: arguments).run() {
    case .finished: break
    case .failed(let rank, let ending):
      let reason = "\(Launcher.Outcome.failed(rank: rank, ending))"
      throw CommandError(advice.map { "\(reason) \($0)" } ?? reason)
    }
  }
}
