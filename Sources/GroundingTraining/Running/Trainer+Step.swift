import Foundation
import GLIP
import GroundingData
import Torch

extension Trainer {
  /// What a step was like, the means of all processes.
  struct StepResult {
    /// Loss terms by name, the sum first.
    var losses: [(name: String, value: Double)]
    var gradientNorm: Double
    var learningRate: Double
    /// Whether any process was asked to stop.
    var isAskedToStop: Bool
  }

  /// One step: forward and backward passes of its batches, and the optimizer's.
  func step(isAskedToStop: Bool) throws -> StepResult {
    let parts = configuration.optimization.accumulate
    var sums: [(name: String, value: Double)] = []
    var ids: [String] = []
    for part in 0..<parts {
      guard let batch = try loader.next() else { throw ConfigurationError("The data has come to an end") }
      ids += batch.ids
      let (total, terms) = try forward(batch, part: part)
      let share = try total * (1 / Double(parts))
      let scaled = try progress.scaler?.scaled(share) ?? share
      if let reducer, part == parts - 1 { try reducer.backward(scaled) } else { try scaled.backward() }
      let named =
        try [("total", total)].map { ($0, try $1.item()) }
        + terms.map { ($0.name, try $0.value.item()) }
      sums =
        sums.isEmpty
        ? named.map { ($0, $1 / Double(parts)) }
        : zip(sums, named).map { ($0.name, $0.value + $1.1 / Double(parts)) }
    }
    let (losses, stop) = try averaged(sums, isAskedToStop)

    let tensors = optimizer.parameters.map(\.tensor)
    let isFinite = try progress.scaler?.unscale(tensors) ?? true
    let norm =
      try isFinite
      ? Gradients.clip(tensors, toNorm: configuration.optimization.clip ?? .greatestFiniteMagnitude) : .nan
    if progress.scaler == nil, !norm.isFinite { throw try reportNonFinite(ids, sums) }
    let scale = schedule.learningRateFactor(at: progress.step)
    let plateau = configuration.optimization.plateau
    let downs = plateau.map { pow($0.factor, Double(progress.plateau.steps)) } ?? 1
    if isFinite {
      try optimizer.step(
        scale: scale * downs, decayScale: schedule.weightDecayFactor(at: progress.step),
        minimumRate: plateau?.minimumRate ?? 0)
      try average?.update(from: network.all)
    }
    progress.scaler?.update(isFinite: isFinite)
    try Gradients.clear(tensors)
    progress.step += 1
    progress.position = loader.position
    return StepResult(
      losses: losses, gradientNorm: norm,
      learningRate: configuration.optimization.rates.learningRate * scale * downs, isAskedToStop: stop)
  }

  /// The loss of one of the batches of a step, and its terms.
  private func forward(
    _ batch: Batch, part: Int
  ) throws -> (total: Tensor, terms: [(name: String, value: Tensor)]) {
    let run = configuration.optimization
    // Of nothing but counters, so that a resumed run hides the same words.
    var generator = SeededGenerator(seed: configuration.seed, progress.step, part, group?.rank ?? 0)
    if let naming = network.naming {
      var moving: SeededGenerator? = generator
      let loss = try Regularization(except: network.frozen).running {
        try run.precision.computing(on: network.device) {
          try naming(batch, by: network.model, device: network.device, using: &moving).loss
        }
      }
      return (loss, [])
    }
    let pixels = try batch.pixels.to(device: network.device)
    let masked = network.auxiliary.masked(batch, using: &generator)
    let output = try Regularization(except: network.frozen).running {
      try ActivationCheckpointing.$isOn.withValue(run.recomputes) {
        try run.precision.computing(on: network.device) {
          try network.model(pixels, prompts: masked.prompts)
        }
      }
    }
    let assigned = try AssignedTargets(batch, device: network.device)
    var terms = try loss(output.predictions, assigned)
    try network.auxiliary.add(to: &terms, output, assigned, answers: masked.answers)
    return (try terms.total, terms.named)
  }

  /// The means of all processes, and whether any was asked to stop.
  private func averaged(
    _ losses: [(name: String, value: Double)], _ isAskedToStop: Bool
  ) throws -> (losses: [(name: String, value: Double)], stop: Bool) {
    guard let group else { return (losses, isAskedToStop) }
    let numbers = try Tensor(losses.map(\.value) + [isAskedToStop ? 1 : 0])
    try group.reduce([numbers], .mean)
    let means = try numbers.elements(Double.self)
    return (zip(losses, means).map { ($0.name, $1) }, (means.last ?? 0) > 0)
  }

  /// Writes down the batch that gave a gradient that is no number. No parameter has been changed by it.
  private func reportNonFinite(_ ids: [String], _ losses: [(name: String, value: Double)]) throws
    -> ConfigurationError
  {
    struct Report: Encodable {
      let step: Int
      let position: LoaderPosition
      let records: [String]
      let losses: [String: String]
    }
    let report = Report(
      step: progress.step, position: progress.position, records: ids,
      losses: Dictionary(uniqueKeysWithValues: losses.map { ($0.name, "\($0.value)") }))
    let file = results.url.appending(path: "non-finite-\(group?.rank ?? 0).json")
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    try encoder.encode(report).write(to: file, options: .atomic)
    return ConfigurationError(
      "The gradients of step \(progress.step) are not finite; \(file.relativePath) names its records, and the state before is in \(Self.stateFile(in: results.url).relativePath)"
    )
  }
}

extension TrainingPrecision {
  fileprivate func computing<Result>(on device: Device, _ body: () throws -> Result) throws -> Result {
    switch self {
    case .float32: try body()
    case .bfloat16: try withAutocast(.bfloat16, device: device, body)
    case .float16: try withAutocast(.float16, device: device, body)
    }
  }
}
