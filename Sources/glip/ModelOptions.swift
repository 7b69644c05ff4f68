import ArgumentParser
import Foundation
import GLIP
import ModelStore
import Torch

extension Preset: ExpressibleByArgument {}
extension Precision: ExpressibleByArgument {}

/// Which network, where and how exactly: shared by the commands that run one.
struct ModelOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The checkpoint: a .safetensors or .pth file, or a name from 'glip models'.",
      discussion:
        "'demonstration' stands for weights that are computed, not trained: every part of the network "
        + "runs, but the boxes mean nothing."))
  var model: String

  @Option(help: "The network that the checkpoint belongs to, if it is not recognised by itself.")
  var preset: Preset?

  @Option(help: "Where to compute: cpu, cuda, cuda:N or mps.")
  var device = "cpu"

  @Option(help: "Arithmetic of the network.")
  var precision = Precision.float32

  @Option(help: "Threads to compute with. (default: one for each core)")
  var threads: Int?

  static let demonstration = "demonstration"

  func detector(style: PromptStyle) throws -> Detector {
    if let threads { try Runtime.setThreadCount(threads) }
    let device = try Device(device)
    let prompts = PromptEncoder(tokenizer: try .bertUncased(), style: style)
    if model == Self.demonstration {
      let configuration = (preset ?? .glipTC).configuration
      warn("these weights are computed, not trained: the boxes mean nothing yet.")
      let parameters = Parameters(from: DemonstrationWeights(configuration), device: device)
      return try Detector(
        model: GLIPModel(parameters.root, configuration), device: device, precision: precision,
        prompts: prompts)
    }
    let detector = try Detector(
      checkpoint: Self.file(model), preset: preset, device: device, precision: precision, prompts: prompts)
    if let first = detector.unknownParameters.first {
      warn(
        "\(detector.unknownParameters.count) parameters of \(model) are not part of the network, '\(first)' for "
          + "one; 'glip inspect' lists them.")
    }
    return detector
  }

  /// The file that a path or a published name stands for.
  static func file(_ model: String) throws -> URL {
    guard let published = PublishedModel.named(model) else { return URL(fileURLWithPath: model) }
    let store = ModelStore()
    guard store.holds(published) else {
      throw ValidationError(
        "The model '\(published.name)' is not here yet; fetch it with: glip models pull \(published.name)")
    }
    return store.file(of: published)
  }
}
