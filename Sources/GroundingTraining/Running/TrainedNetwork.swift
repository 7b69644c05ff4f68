import Foundation
import GLIP
import Torch

/// The network of a run with the parameters that are trained.
struct TrainedNetwork: Sendable {
  let configuration: GLIPConfiguration
  let model: GLIPModel
  let auxiliary: AuxiliaryLosses
  let parameters: Parameters
  /// Parts that run as in inference.
  let frozen: PathSet
  let device: Device
  /// What is worth saying of where the parameters came from.
  let notes: [String]

  init(_ settings: TrainingConfiguration, device: Device) throws {
    let start = try StartingParameters(settings.network, seed: settings.seed)
    guard
      var configuration = settings.network.sizes ?? settings.network.preset?.configuration
        ?? start.configuration
    else { throw ConfigurationError("The configuration names no network") }
    if settings.tuning.mode == .prompt { configuration.head.promptOffsets = PromptOffsets.count }
    let tuning = settings.tuning
    let frozen = PathSet((tuning.mode?.frozen ?? []) + tuning.frozen)
    let source = TrainableParameters(
      start, frozen: PathSet(frozen.paths.union(PathSet.unused.paths)), device: device)
    let parameters = Parameters(from: source, device: device)
    model = try GLIPModel(parameters.root, configuration)
    auxiliary = try AuxiliaryLosses(parameters.root, configuration, settings.loss)
    if let trained = tuning.mode?.trained.map(PathSet.init) {
      for (name, tensor, _) in parameters.all where tensor.requiresGradient {
        try tensor.requiringGradient(trained.contains(name))
      }
    }
    notes = try start.report()
    (self.configuration, self.parameters, self.frozen, self.device) = (
      configuration, parameters, frozen, device
    )
  }

  /// Names and tensors of everything, trained or not.
  var all: [(name: String, tensor: Tensor)] { parameters.all.map { ($0.name, $0.tensor) } }

  /// A second network over other values of the parameters.
  func with(_ values: [(name: String, tensor: Tensor)]) throws -> (model: GLIPModel, parameters: Parameters) {
    let source = Values(byName: Dictionary(uniqueKeysWithValues: values.map { ($0.name, $0.tensor) }))
    let parameters = Parameters(from: source, device: device)
    return (try GLIPModel(parameters.root, configuration), parameters)
  }

  private struct Values: ParameterSource {
    let byName: [String: Tensor]

    func parameter(_ name: String, shape: [Int], initial: Initializer) throws -> Tensor {
      guard let value = byName[name] else { throw TorchError.missingParameter(name) }
      return value
    }
  }
}
