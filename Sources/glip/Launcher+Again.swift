import Foundation
import Torch

extension Launcher {
  /// This program again, several times, with the arguments that it was started with.
  ///
  /// - Parameter threads: those of each process, if they were given.
  init(again processes: Int, threads: Int?) {
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
    if threads == nil { arguments += ["--threads", "\(max(cores / processes, 1))"] }
    self.init(processes: processes, arguments: arguments)
  }
}
