import ArgumentParser
import Checkpoints
import Foundation
import GLIP
import Torch

struct Convert: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Turn a released .pth checkpoint into safetensors.",
    discussion: """
      The result opens at once (it is mapped, not read), carries the network's description, and holds the network's
      parameters alone: optimizer states and constants that can be computed are left out.
      """)

  @Argument(help: "The checkpoint to read, .pth or .safetensors.")
  var input: String

  @Argument(help: "The safetensors file to write.")
  var output: String

  @Option(help: "Element type of the result: fp32, fp16 or bf16.")
  var dtype = Element.fp32

  @Option(help: "The network that the checkpoint belongs to, if it is not recognised by itself.")
  var preset: Preset?

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

  func run() throws {
    let target = URL(fileURLWithPath: output)
    guard target.pathExtension == "safetensors" else {
      throw ValidationError("The result is a safetensors file; '\(output)' should end in .safetensors.")
    }
    let source = try ModelOptions.file(input)
    guard source.standardizedFileURL != target.standardizedFileURL else {
      throw ValidationError("The result would replace its own source, \(output).")
    }
    let file = try ModelFile(source, preset: preset, verifyingChecksums: true)
    let unknown = try file.convert(to: target, dtype: dtype.dtype)
    for name in unknown { warn("left out '\(name)', which is not part of the network.") }
    let size = try FileManager.default.attributesOfItem(atPath: target.path)[.size] as? Int64 ?? 0
    print("\(output): \(bytes(size)), \(dtype.rawValue)")
  }
}
