import ArgumentParser
import Foundation
import GroundingTraining
import RunLog

struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Train a network as a YAML file says.",
    discussion: """
      The results folder gets the resolved configuration, the numbers of the run (metrics.jsonl and TensorBoard's event \
      files), plots, the network as it is (last.safetensors) and as validation liked it best (best.safetensors), and \
      the state from which --resume goes on. Ctrl-C saves and ends; a second one ends at once.
      """)

  @Option(
    help: "The YAML file; 'recipes/' has examples. With --resume, that of the results folder by default.")
  var config: String?

  @OptionGroup var options: RunOptions

  func run() throws {
    let text: String
    let folder: URL
    if let config {
      let file = URL(fileURLWithPath: config)
      do { text = try String(contentsOf: file, encoding: .utf8) } catch {
        throw CommandError(error, at: config)
      }
      folder = file.deletingLastPathComponent()
    } else {
      guard options.resume else { throw ValidationError("--config is missing: the YAML file of the run") }
      text = try ResultsFolder.configuration(at: URL(fileURLWithPath: options.output))
      folder = URL(fileURLWithPath: options.output)
    }
    do {
      try options.train(TrainingConfiguration(yaml: text).resolvingPaths(relativeTo: folder))
    } catch let error as ConfigurationError where config != nil {
      throw CommandError(error, at: config ?? "")
    }
  }
}
