import Foundation
import GLIP
import GroundingData
import Measuring
import RunLog
import Torch

extension Trainer {
  /// How a run ended.
  public enum Ending: Sendable, Hashable {
    case finished
    /// It was asked to stop; what is saved goes on with `isResuming`.
    case interrupted
    /// Validation did not get better any more.
    case stoppedEarly
  }

  /// Trains to the end, or until asked to stop.
  ///
  /// - Parameter shouldStop: looked at after every step
  public func run(shouldStop: () -> Bool = { false }) throws -> Ending {
    let start = ContinuousClock.now
    var samples = 0
    var logged: (losses: [(name: String, value: Double)], steps: Int) = ([], 0)
    while progress.step < totalSteps {
      let result = try step(isAskedToStop: shouldStop())
      for fault in faults.take() { observer.note("Left out: \(fault)") }
      samples += configuration.optimization.batch
      let seconds = start.duration(to: .now) / .seconds(1)
      observer.progress(
        RunProgress(
          step: progress.step, of: totalSteps, samples: samples, seconds: seconds, losses: result.losses,
          learningRate: result.learningRate, memoryBytes: Machine.residentBytes))

      logged.losses =
        logged.losses.isEmpty
        ? result.losses : zip(logged.losses, result.losses).map { ($0.name, $0.value + $1.value) }
      logged.steps += 1
      if progress.step.isMultiple(of: configuration.logEvery) || progress.step == totalSteps {
        var numbers = Dictionary(
          uniqueKeysWithValues: logged.losses.map { ("loss/\($0.name)", $0.value / Double(logged.steps)) })
        numbers["gradient/norm"] = result.gradientNorm
        numbers["rate/learning"] = result.learningRate
        numbers["speed/samples_per_second"] = Double(samples) / max(seconds, 1e-9)
        if let scaler = progress.scaler { numbers["gradient/scale"] = scaler.scale }
        try record?.append(step: progress.step, numbers)
        logged = ([], 0)
      }

      var outcome = Plateau.Progress.Outcome.same
      if isTimeToValidate, !result.isAskedToStop { outcome = try validate() }
      let isLast = progress.step >= totalSteps || result.isAskedToStop || outcome == .stop
      if isLast || progress.step.isMultiple(of: configuration.saveEvery) || isTimeToValidate {
        try save(isBest: outcome == .better)
      }
      if result.isAskedToStop { return .interrupted }
      if outcome == .stop { return .stoppedEarly }
    }
    return .finished
  }

  private var isTimeToValidate: Bool {
    guard configuration.validation.data != nil else { return false }
    let every = configuration.validation.every ?? stepsPerEpoch
    return progress.step.isMultiple(of: every) || progress.step == totalSteps
  }

  /// The network that is kept and measured: the averaged one, if there is one.
  private func measured() throws -> TrainedNetwork.Copy {
    try average.map { try network.with($0.parameters) } ?? network.copy
  }

  private func figures() throws -> [String: Double] {
    let measured = try measured()
    if let naming = measured.naming, let namingValidation {
      return try namingValidation(
        naming, by: measured.model, device: network.device, group: group, progress: observer.validating)
    }
    return try validation?(
      measured.model, device: network.device, group: group, progress: observer.validating) ?? [:]
  }

  private func validate() throws -> Plateau.Progress.Outcome {
    let figures = try figures()
    let chief = figures[configuration.task.figure] ?? 0
    try record?.append(
      step: progress.step,
      Dictionary(uniqueKeysWithValues: figures.map { ("validation/\($0.key)", $0.value) }))
    let outcome = progress.plateau.note(chief, configuration.optimization.plateau)
    let text = ["AP", "AP50", "AP75", "accuracy"].compactMap { name in
      figures[name].map { "\(name) \(String(format: "%.4f", $0))" }
    }
    observer.note(
      "step \(progress.step): \(text.joined(separator: ", "))\(outcome == .better ? ", the best so far" : "")"
    )
    return outcome
  }

  /// Writes the state and the network, whole or not at all; the processes wait for one another.
  private func save(isBest: Bool) throws {
    let generator = try Tensor(Generator.standard(on: network.device).state)
    let generators = try group.map { try $0.gather(generator) } ?? [generator]
    if group?.rank ?? 0 == 0 {
      let parameters = try measured().parameters
      func write(_ name: String) throws {
        try ModelFile.write(
          parameters, configuration: network.configuration, to: results.url.appending(path: name))
      }
      if isBest { try write("best.safetensors") }
      try write("last.safetensors")
      // The state comes last: whatever is newer than it is made again after resuming.
      try TrainingState(parameters: network.all, average: average, optimizer: optimizer)
        .write(progress, generators: generators, to: Self.stateFile(in: results.url))
      try record?.plot()
    }
    try group?.barrier()
  }
}
