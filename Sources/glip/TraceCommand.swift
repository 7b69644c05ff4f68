import ArgumentParser
import Checkpoints
import Foundation
import GLIP
import Pictures
import Torch

struct TraceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "trace",
    abstract: "Write the intermediate tensors of one pass through the network.",
    discussion: "For comparing with another implementation; Documentation/parity.md lists the names.")

  @Argument(help: "The picture.")
  var picture: String

  @OptionGroup(title: "What to look for") var prompt: PromptOptions
  @OptionGroup(title: "The network") var model: ModelOptions
  @OptionGroup(title: "What to report") var detection: DetectionOptionGroup

  @Option(help: "The safetensors file to write.")
  var output: String

  func run() throws {
    let picture = try Picture(contentsOf: URL(fileURLWithPath: picture))
    let detector = try model.detector(style: prompt.style.value)
    let tensors = try detector.trace(picture, prompt.resolved(), options: detection.resolved())
    try SafetensorsWriter.write(
      tensors.map { SafetensorsWriter.Array($0.name, $0.tensor) }, to: URL(fileURLWithPath: output))
    print("\(tensors.count) tensors: \(output)")
  }
}
