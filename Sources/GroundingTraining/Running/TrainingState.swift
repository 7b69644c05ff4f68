import Checkpoints
import Foundation
import GroundingData
import Torch

/// Where a run is: counters of which the rest follows.
struct TrainingProgress: Codable, Sendable, Hashable {
  /// Steps that are done.
  var step = 0
  /// Of the next batch.
  var position = LoaderPosition()
  var plateau = Plateau.Progress()
  var scaler: GradientScaler?
}

/// Everything that a run needs to go on as if it had not been interrupted, in one safetensors file: parameters, their
/// averaged copy, the optimizer's moments, the state of each process's random numbers, and `TrainingProgress`.
struct TrainingState {
  let parameters: [(name: String, tensor: Tensor)]
  let average: ExponentialAverage?
  let optimizer: AdamW

  private static let progressKey = "glip.training"

  private enum Prefix {
    static let parameter = "parameter.", average = "average.", optimizer = "optimizer.",
      generator = "generator."
  }

  /// - Parameter generators: states of the default generators, by process
  func write(_ progress: TrainingProgress, generators: [Tensor], to url: URL) throws {
    var arrays = parameters.map { SafetensorsWriter.Array(Prefix.parameter + $0.name, $0.tensor) }
    arrays += average?.parameters.map { SafetensorsWriter.Array(Prefix.average + $0.name, $0.tensor) } ?? []
    arrays += optimizer.state.sorted { $0.key < $1.key }.map {
      SafetensorsWriter.Array(Prefix.optimizer + $0.key, $0.value)
    }
    arrays += generators.enumerated().map {
      SafetensorsWriter.Array("\(Prefix.generator)\($0.offset)", $0.element)
    }
    let text = String(decoding: try JSONEncoder().encode(progress), as: UTF8.self)
    try SafetensorsWriter.write(arrays, metadata: [Self.progressKey: text], to: url)
  }

  /// Takes everything over from a file.
  ///
  /// - Parameter rank: of this process
  /// - Returns: the progress, and the state of this process's generator, if there were as many processes.
  /// - Throws: `ConfigurationError` for a file of another run.
  func restore(from url: URL, rank: Int) throws -> (progress: TrainingProgress, generator: Tensor?) {
    let file = try Checkpoint(opening: url)
    guard let text = file.metadata[Self.progressKey],
      let progress = try? JSONDecoder().decode(TrainingProgress.self, from: Data(text.utf8))
    else { throw ConfigurationError("\(url.relativePath) is not the state of a run") }
    try withoutGradient {
      for (name, tensor) in parameters { try tensor.take(Prefix.parameter + name, from: file, url) }
      for (name, tensor) in average?.parameters ?? [] {
        try tensor.take(Prefix.average + name, from: file, url)
      }
      let moments = file.entries.map(\.name).filter { $0.hasPrefix(Prefix.optimizer) }.map { name in
        (String(name.dropFirst(Prefix.optimizer.count)), name)
      }
      try optimizer.restore(
        Dictionary(uniqueKeysWithValues: moments.map { ($0, try Tensor(named: $1, in: file)) }))
    }
    let generator = Prefix.generator + "\(rank)"
    return (progress, try file[generator].map { _ in try Tensor(named: generator, in: file).clone() })
  }
}

extension Tensor {
  fileprivate func take(_ name: String, from file: Checkpoint, _ url: URL) throws {
    guard let entry = file[name], entry.shape == shape else {
      throw ConfigurationError(
        "\(url.relativePath) is the state of another run: '\(name)' is missing or of another shape")
    }
    try copy(from: Tensor(named: name, in: file))
  }
}
