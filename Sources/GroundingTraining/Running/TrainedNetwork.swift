import Foundation
import GLIP
import Torch

/// The network of a run with the parameters that are trained.
struct TrainedNetwork: Sendable {
  let configuration: GLIPConfiguration
  let model: GLIPModel
  let auxiliary: AuxiliaryLosses
  /// Where that is the task.
  let naming: ObjectNaming?
  let parameters: Parameters
  /// Parts that run as in inference.
  let frozen: PathSet
  let device: Device
  /// What is worth saying of where the parameters came from.
  let notes: [String]

  /// - Parameter names: of the classes of the data
  init(_ settings: TrainingConfiguration, names: [String], device: Device) throws {
    let start = try StartingParameters(settings.network, seed: settings.seed)
    guard
      var configuration = settings.network.sizes ?? settings.network.preset?.configuration
        ?? start.configuration
    else { throw ConfigurationError("The configuration names no network") }
    if settings.tuning.mode == .prompt { configuration.head.promptOffsets = PromptOffsets.count }
    configuration.resize = settings.validation.resize
    let tuning = settings.tuning
    let frozen = PathSet(
      (tuning.mode?.frozen ?? settings.partsWithoutTask(of: configuration)) + tuning.frozen)
    let source = TrainableParameters(
      start, frozen: PathSet(frozen.paths.union(PathSet.unused.paths)), device: device)
    let parameters = Parameters(from: source, device: device)
    model = try GLIPModel(parameters.root, configuration)
    auxiliary = try AuxiliaryLosses(parameters.root, configuration, settings.loss)
    naming =
      settings.task == .grounding
      ? nil
      : try ObjectNaming(
        parameters.root, configuration, names: ObjectNaming.encoded(names, by: model, device: device),
        side: settings.namedSide, part: settings.namedBy)
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
  func with(_ values: [(name: String, tensor: Tensor)]) throws -> Copy {
    let source = Values(byName: Dictionary(uniqueKeysWithValues: values.map { ($0.name, $0.tensor) }))
    let parameters = Parameters(from: source, device: device)
    return Copy(
      model: try GLIPModel(parameters.root, configuration),
      naming: try naming.map {
        try ObjectNaming(
          parameters.root, configuration, names: $0.names, side: $0.side, part: $0.part)
      },
      parameters: parameters)
  }

  /// The network itself, or one with other values.
  struct Copy {
    let model: GLIPModel
    let naming: ObjectNaming?
    let parameters: Parameters
  }

  var copy: Copy { Copy(model: model, naming: naming, parameters: parameters) }

  private struct Values: ParameterSource {
    let byName: [String: Tensor]

    func parameter(_ name: String, shape: [Int], initial: Initializer) throws -> Tensor {
      guard let value = byName[name] else { throw TorchError.missingParameter(name) }
      return value
    }
  }
}
