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
  @OptionGroup(title: "What to report") var report: ReportOptions

  @Option(help: ArgumentHelp("The safetensors file to write.", valueName: "file"))
  var output: String

  func run() throws {
    let target = try Destination(output, keeping: [picture] + prompt.files + model.files())
    let picture = try Picture(contentsOf: URL(fileURLWithPath: picture))
    let prompt = try prompt.resolved()
    let detector = try model.detector(style: self.prompt.style.value, automatic: .float32)
    let tensors = try detector.trace(picture, prompt, options: report.resolved())
    try target.makeFolder()
    try Interruption.whileDeferred {
      try SafetensorsWriter.write(
        tensors.map { SafetensorsWriter.Array($0.name, $0.tensor) }, to: target.url)
    }
    model.warn(about: detector)
    try say("\(output): \(tensors.count) tensors")
  }
}
