import ArgumentParser
import Foundation
import GLIP
import Pictures
import RunLog
import Torch

struct QuantizeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "quantize",
    abstract: "Turn a network's weights into bytes, for --precision int8.",
    discussion: """
      The network looks for something in your pictures once, in float32, to see between which bounds its numbers lie;
      a few dozen pictures of the kind that it will see later are enough. The result is for this architecture's
      processors with AVX-512 and VNNI; compare its detections with those of the original before you rely on it.
      """)

  @Argument(help: "Picture files, folders of pictures, or patterns such as 'photos/*.jpg'.")
  var pictures: [String]

  @Option(help: "The safetensors file to write.")
  var output: String

  @OptionGroup(title: "What to look for") var prompt: PromptOptions

  @Option(help: "The checkpoint to read: a .safetensors or .pth file, or a name from 'glip models'.")
  var model = ModelOptions.bundled

  @OptionGroup var network: PresetOption

  @OptionGroup var size: SizeOptions

  func validate() throws {
    guard output.hasSuffix(".safetensors") else {
      throw ValidationError("The result is a safetensors file; '\(output)' should end in .safetensors")
    }
  }

  func run() throws {
    let source = try ModelOptions.file(model)
    let files = try PictureFiles.find(pictures, recursive: false)
    let target = try Destination(output, keeping: files.map(\.path) + prompt.files + [source.path])
    let prompt = try prompt.resolved()
    var options = DetectionOptions()
    options.resize = size.rule
    let detector: Detector
    let file: ModelFile
    do {
      file = try ModelFile(source, preset: network.preset)
      guard !file.isQuantized else { throw CommandError("The weights are int8 already") }
      detector = try Detector(checkpoint: source, preset: network.preset)
    } catch {
      throw CommandError(error, at: model)
    }
    try detector.validate(prompt, options: options)
    let calibration = Calibration()
    let progress = ProgressLine()
    for (index, file) in files.enumerated() {
      progress.show(index, of: files.count, unit: "pictures")
      do {
        let picture = try Picture(contentsOf: file.url)
        _ = try calibration.observing { try detector.detect(picture, prompt, options: options) }
      } catch {
        progress.clear()
        throw CommandError(error, at: file.path)
      }
    }
    progress.clear()
    try target.makeFolder()
    try Interruption.whileDeferred { try file.quantize(calibration, to: target.url) }
    let size = try FileManager.default.attributesOfItem(atPath: output)[.size] as? NSNumber
    try say("\(output): \(bytes(size?.int64Value ?? 0)), \(calibration.paths.count) layers in int8")
  }
}
