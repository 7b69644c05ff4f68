import ArgumentParser
import Foundation
import GLIP
import GLIPNano
import ModelStore
import Torch

extension Preset: ExpressibleByArgument {}
extension Precision: ExpressibleByArgument {}

/// Which network, where and how exactly: shared by the commands that run one.
struct ModelOptions: ParsableArguments {
  @Option(
    name: .customLong("model"),
    help: ArgumentHelp(
      "The checkpoint: a .safetensors or .pth file, or a name from 'glip models'. (default: \(ModelOptions.bundled))",
      discussion:
        "'demonstration' stands for weights that are computed, not trained: every part of the network "
        + "runs, but the boxes mean nothing.", valueName: "model"))
  var choice: String?

  /// The name of the network that comes with the program, which is used where nothing else is asked for.
  static let bundled = "glip-nano"

  var model: String { choice ?? Self.bundled }

  @OptionGroup var network: PresetOption

  @Option(help: "Where to compute: cpu, cuda, cuda:N or mps.")
  var device = "cpu"

  @Option(
    help:
      "Arithmetic of the network: fp32, bf16, int8 (for files of 'glip quantize'), or auto, the fastest here."
  )
  var precision = Precision.automatic

  @Option(help: ArgumentHelp("Threads to compute with. (default: one for each core)", valueName: "count"))
  var threads: Int?

  func validate() throws {
    if let threads, threads < 1 { throw ValidationError("--threads is \(threads); it must be at least 1") }
  }

  private var isDemonstration: Bool { model == "demonstration" }

  /// What the network is called: a file by its name without folders.
  var name: String { URL(fileURLWithPath: model).deletingPathExtension().lastPathComponent }

  /// What distinguishes the network, read without loading it.
  var configuration: GLIPConfiguration {
    get throws {
      if isDemonstration { return (network.preset ?? .glipTC).configuration }
      do { return try ModelFile(Self.file(model), preset: network.preset).configuration } catch {
        throw CommandError(error, at: model)
      }
    }
  }

  /// Files that are read.
  func files() throws -> [String] { isDemonstration ? [] : [try Self.file(model).path] }

  /// - Parameters:
  ///   - automatic: what `--precision auto` means, where it is not to be the fastest
  ///   - adjust: changes how prompts are encoded
  func detector(
    style: PromptStyle, automatic: Precision = .automatic, adjust: (inout PromptEncoder) -> Void = { _ in }
  ) throws -> Detector {
    let precision = self.precision == .automatic ? automatic : self.precision
    if let threads { try Runtime.setThreadCount(threads) }
    let device = try Device(device)
    var prompts = PromptEncoder(tokenizer: try .bertUncased(), style: style)
    adjust(&prompts)
    if isDemonstration {
      guard precision != .int8 else { throw CommandError("The demonstration weights are not int8") }
      let configuration = try configuration
      let parameters = try precision.parameters(
        from: DemonstrationWeights(configuration), device: device)
      return try Detector(
        model: GLIPModel(parameters.root, configuration), device: device, precision: precision,
        prompts: prompts)
    }
    let file = try Self.file(model)
    do {
      return try Detector(
        checkpoint: file, preset: network.preset, device: device, precision: precision, prompts: prompts)
    } catch {
      throw CommandError(error, at: model)
    }
  }

  /// Says what a user should know of the network before reading its results.
  func warn(about detector: Detector) {
    if choice == nil {
      glip.warn("The network is \(Self.bundled), the small one that comes with glip; --model takes others")
    }
    if isDemonstration {
      glip.warn("These weights are computed, not trained: the boxes mean nothing yet")
    }
    Self.warn(ofUnknown: detector.unknownParameters, in: model)
  }

  static func warn(ofUnknown names: [String], in model: String) {
    guard let first = names.first else { return }
    let count = names.count == 1 ? "1 array" : "\(names.count) arrays"
    glip.warn(
      "\(count) of \(model) not used, '\(first)' for one; 'glip inspect' lists what is not part of the network"
    )
  }

  /// The file that a path or a published name stands for.
  static func file(_ model: String) throws -> URL {
    if model == bundled { return GLIPNano.file }
    guard let published = PublishedModel.named(model) else { return URL(fileURLWithPath: model) }
    let store = ModelStore()
    guard store.holds(published) else {
      throw CommandError(
        "The model '\(published.name)' is not here yet; fetch it with 'glip models pull \(published.name)'")
    }
    return store.file(of: published)
  }
}

/// For the commands that open a checkpoint.
struct PresetOption: ParsableArguments {
  @Option(help: "The network that the checkpoint belongs to, if it is not recognised by itself.")
  var preset: Preset?
}
