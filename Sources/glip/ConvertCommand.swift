import ArgumentParser
import Foundation
import GLIP
import RunLog
import Torch

struct ConvertCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert",
    abstract: "Turn a released .pth checkpoint into safetensors.",
    discussion: """
      The result opens at once (it is mapped, not read), carries the network's description, and holds the network's
      parameters alone: optimizer states and constants that can be computed are left out.
      """)

  @Argument(help: "The checkpoint to read: a .pth or .safetensors file, or a name from 'glip models'.")
  var input: String

  @Argument(help: "The safetensors file to write.")
  var output: String

  @Option(help: "Element type of the result.")
  var dtype = Element.fp32

  @Flag(
    help:
      "Write only what sees pictures, for other networks to begin with: 'network.backbone' and 'network.head' of a run."
  )
  var pictureSide = false

  @OptionGroup var network: PresetOption

  enum Element: String, ExpressibleByArgument, CaseIterable {
    case fp32, fp16, bf16

    var dtype: DType {
      switch self {
      case .fp32: .float32
      case .fp16: .float16
      case .bf16: .bfloat16
      }
    }
  }

  func validate() throws {
    guard output.hasSuffix(".safetensors") else {
      throw ValidationError("The result is a safetensors file; '\(output)' should end in .safetensors")
    }
  }

  func run() throws {
    let source = try ModelOptions.file(input)
    let target = try Destination(output, keeping: [source.path])
    do {
      let file = try ModelFile(source, preset: network.preset, verifyingChecksums: true)
      try target.makeFolder()
      try Interruption.whileDeferred {
        if pictureSide {
          try file.extractPictureSide(to: target.url, dtype: dtype.dtype)
        } else {
          ModelOptions.warn(ofUnknown: try file.convert(to: target.url, dtype: dtype.dtype), in: input)
        }
      }
    } catch {
      let isOutput = reason(error).contains(target.url.path)
      throw isOutput ? error : CommandError(error, at: input)
    }
    let size = try FileManager.default.attributesOfItem(atPath: output)[.size] as? NSNumber
    try say("\(output): \(bytes(size?.int64Value ?? 0)), \(dtype.rawValue)")
  }
}
