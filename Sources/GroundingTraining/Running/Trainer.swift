import Foundation
import GLIP
import GroundingData
import Measuring
import RunLog
import Synchronization
import Torch

/// A training run: batches in, steps, and from time to time a validation and a saved state (Documentation/training.md).
///
/// One process, or one of several that work in step. To be used from one thread.
public final class Trainer {
  public let configuration: TrainingConfiguration
  let results: ResultsFolder
  let network: TrainedNetwork
  let group: ProcessGroup?
  /// Steps of the whole run.
  public let totalSteps: Int
  /// What is worth saying before the run begins.
  public let notes: [String]

  let loader: BatchLoader
  let faults: Faults
  let loss: GroundingLoss
  let optimizer: AdamW
  let reducer: GradientReducer?
  let schedule: Schedule
  let average: ExponentialAverage?
  let validation: Validation?
  let namingValidation: NamingValidation?
  let stepsPerEpoch: Int
  var progress: TrainingProgress
  /// Steps that are done.
  public var step: Int { progress.step }
  /// Of the first process alone.
  let record: RunRecord?

  /// What the run reports to; called on the thread that runs it.
  public struct Observer {
    public var progress: (RunProgress) -> Void
    /// A line that stays.
    public var note: (String) -> Void
    /// Pictures of a validation that are done, and all.
    public var validating: (Int, Int) -> Void

    public init(
      progress: @escaping (RunProgress) -> Void = { _ in }, note: @escaping (String) -> Void = { _ in },
      validating: @escaping (Int, Int) -> Void = { _, _ in }
    ) {
      (self.progress, self.note, self.validating) = (progress, note, validating)
    }
  }

  let observer: Observer

  /// Prepares a run.
  ///
  /// - Parameters:
  ///   - configuration: what to do; relative paths in it are relative to the current folder
  ///   - results: the folder of what comes out; made by the first process
  ///   - isResuming: whether a run that is there goes on
  ///   - group: the processes of the run, where there are several
  /// - Throws: `ConfigurationError`, `DatasetError`, `SettingError`, `CheckpointError`, `TorchError`, `RunLogError` or
  ///   `DistributedError`, each a sentence.
  public init(
    _ configuration: TrainingConfiguration, results url: URL, isResuming: Bool = false,
    group: ProcessGroup? = nil, observer: Observer = Observer()
  ) throws {
    try configuration.validate()
    (self.configuration, self.group, self.observer) = (configuration, group, observer)
    let (rank, processes) = (group?.rank ?? 0, group?.size ?? 1)
    let run = configuration.optimization
    try configuration.checkShares(processes: processes)
    let device = try Device(
      configuration.device == "cuda" ? "cuda:\(group?.environment.localRank ?? 0)" : configuration.device)

    // Data first: mistakes there are the most common, and found at once.
    let set = try configuration.trainingSet()
    let batching = Batching(
      size: run.batch / processes / run.accumulate, rank: rank, processes: processes,
      completesBatches: configuration.data.completesBatches)
    stepsPerEpoch = max(try EpochOrder(set, epoch: 0, batching).count / run.accumulate, 1)
    totalSteps = run.steps ?? (run.epochs ?? 1) * stepsPerEpoch
    let names = set.parts[0].dataset.classes.map(\.name)
    let settings = configuration.validation.data == nil ? nil : configuration.validation
    switch configuration.task {
    case .grounding:
      validation = try settings.map(Validation.init)
      namingValidation = nil
    case .naming:
      guard names.count > 1 else {
        throw ConfigurationError(
          "\(set.parts[0].dataset.name) has no classes to be told apart by their names")
      }
      validation = nil
      namingValidation = try settings.map { try NamingValidation($0, names: names, group: group) }
    }

    let network = try TrainedNetwork(configuration, names: names, device: device)
    self.network = network
    let groups = network.parameters.groups(run.rates)
    guard !groups.isEmpty else { throw ConfigurationError("Everything is frozen; there is nothing to train") }
    let count = groups.reduce(0) { $0 + $1.tensor.count }
    notes = network.notes + ["\(count) numbers in \(groups.count) arrays are trained, in \(totalSteps) steps"]
    try group?.broadcast(network.all.map(\.tensor))
    optimizer = AdamW(
      groups.map {
        AdamW.Parameter($0.name, $0.tensor, learningRate: $0.learningRate, weightDecay: $0.weightDecay)
      })
    reducer = try group.map { try GradientReducer(groups.map(\.tensor), group: $0) }
    average = try run.average.map { try ExponentialAverage(of: network.all, decay: $0) }
    schedule = configuration.schedule(steps: totalSteps)
    loss = GroundingLoss(configuration.loss) { numbers in
      guard let group else { return numbers }
      let mean = try Tensor(numbers)
      try group.reduce([mean], .mean)
      return try mean.elements()
    }

    var progress = TrainingProgress()
    if run.precision == .float16 { progress.scaler = GradientScaler() }
    // Each process drops other things.
    try Runtime.seed(configuration.seed &+ UInt64(rank))
    if isResuming {
      _ = try ResultsFolder.configuration(at: url)
      let state = TrainingState(parameters: network.all, average: average, optimizer: optimizer)
      let (saved, generator) = try state.restore(from: Self.stateFile(in: url), rank: rank)
      progress = saved
      if let generator { try Generator.standard(on: device).setState(generator.elements()) }
    }
    if rank == 0 {
      results = try ResultsFolder(at: url, configuration: configuration.yaml, resuming: isResuming)
      record = try RunRecord(in: results, resumingAfter: isResuming ? progress.step : nil)
    } else {
      (results, record) = (ResultsFolder(existing: url), nil)
    }
    self.progress = progress
    let faults = Faults()
    self.faults = faults
    let onProblem: (@Sendable (SampleError) -> Void)? =
      configuration.data.skipsFaults ? { @Sendable fault in faults.note(fault) } : nil
    loader = try BatchLoader(
      set, batching, from: progress.position, workers: configuration.data.workers, onProblem: onProblem)
  }

  /// Records that could not be used.
  final class Faults: Sendable {
    private let errors = Mutex<[SampleError]>([])

    func note(_ error: SampleError) { errors.withLock { $0.append(error) } }

    /// Those that were not taken before.
    func take() -> [SampleError] {
      errors.withLock { errors in
        defer { errors = [] }
        return errors
      }
    }
  }

  static func stateFile(in results: URL) -> URL { results.appending(path: "checkpoints/state.safetensors") }
}

extension TrainingConfiguration {
  /// The data sets, opened.
  func trainingSet() throws -> TrainingSet {
    let parts = try data.training.map { part in
      var dataset: any GroundingDataset = try part.data.open()
      // Either reads all records, which is done once.
      if let shots = part.shots {
        dataset = try dataset.sampled(shots, keepsEmpty: part.keepsEmpty)
      } else if !part.keepsEmpty, !dataset.classes.isEmpty {
        dataset = dataset.withoutEmptyRecords()
      }
      guard dataset.count > 0 else {
        throw ConfigurationError("\(dataset.name) has no picture with boxes to train on")
      }
      return TrainingSet.Part(
        dataset, prompting: part.prompting, grounding: part.grounding, copies: part.copies,
        hidesWords: part.hidesWords)
    }
    return try TrainingSet(
      parts, augmentation: data.augmentation, tokenizer: .bertUncased(), maximumTokens: data.maximumTokens,
      groupsShapes: data.groupsShapes, seed: seed)
  }

  func schedule(steps: Int) -> Schedule {
    let run = optimization
    let decay: Schedule.Decay =
      switch run.decay {
      case .constant: .constant
      case .steps: Schedule.multiStep(iterations: steps, shares: run.decayAt, factor: run.decayFactor)
      case .cosine: .cosine(end: steps, floor: run.decayFloor)
      }
    return Schedule(
      warmUpIterations: run.warmUpSteps, warmUpFactor: run.warmUpFactor, decay: decay,
      weightDecayShare: run.weightDecayShare)
  }
}

extension TrainingConfiguration.TrainingData {
  /// Whether a record that cannot be used is replaced by another.
  var skipsFaults: Bool { training.allSatisfy { $0.data.onError == .skip } }
}
