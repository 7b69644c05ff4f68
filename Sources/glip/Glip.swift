import ArgumentParser
import Foundation

@main
struct Glip: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "glip",
    abstract: "Finds in pictures what you name in words.",
    discussion: """
      Examples:
        glip detect photo.jpg --classes "cat, remote control" --output found
        glip detect photo.jpg --caption "a woman in an orange suit next to a flag" --json -
        glip detect pictures/ --classes-file names.txt --json detections.json
      """,
    version: "0.1.0",
    subcommands: [
      DetectCommand.self, LabelCommand.self, ServeCommand.self, TrainCommand.self, FinetuneCommand.self,
      EvaluateCommands.self, TraceCommand.self, ConvertCommand.self, QuantizeCommand.self,
      InspectCommand.self, ModelsCommand.self, BenchCommand.self, DatasetCommand.self,
    ])

  static func main() async {
    reserveStandardStreams()
    Interruption.watch()
    do {
      var command = try parseAsRoot()
      if let command = command as? any AsyncParsableCommand {
        try waitForRun(of: command)
      } else {
        try command.run()
      }
    } catch {
      Foundation.exit(report(error).rawValue)
    }
  }

  /// Runs a command while this thread waits. Were it left to the system until then, it would take the signals that
  /// `Interruption` waits for, and end the program.
  private static func waitForRun(of command: any AsyncParsableCommand) throws {
    // Only the task has these while this thread waits.
    nonisolated(unsafe) var command = command
    nonisolated(unsafe) var failure: (any Error)?
    let end = DispatchSemaphore(value: 0)
    Task.detached {
      do { try await command.run() } catch { failure = error }
      end.signal()
    }
    end.wait()
    if let failure { throw failure }
  }

  /// Says in one sentence what went wrong; help that was asked for goes to the standard output instead.
  private static func report(_ error: any Error) -> ExitCode {
    if let code = error as? ExitCode { return code }
    switch exitCode(for: error) {
    case .success:
      do { try say(fullMessage(for: error)) } catch { return report(error) }
      return .success
    case .validationFailure:
      // The library's own text goes on with the whole usage; where to find it is enough.
      let help = fullMessage(for: error).firstMatch(of: /See '(.+ --help)'/).map { " (see '\($0.1)')" } ?? ""
      warn(withoutFullStop(message(for: error)) + help)
      return .validationFailure
    default:
      warn(reason(error))
      return .failure
    }
  }
}
