import Checkpoints
import Foundation
import GLIP
import GroundingData
import GroundingEvaluation
import GroundingTraining
import RunLog
import Torch

/// Measures on tasks of ODinW, one after the other. What belongs to one is in a folder of its own:
///
///     found/            what was found on each picture
///     training/         the fine-tuning, if there is one; its networks are removed when they are measured
///     detections.json   in COCO's form
///     results.json      the figures
final class ODinWRunner {
  private let model: ModelOptions
  /// What of the network detections depend on.
  private let settings: [String: String]
  private let tuning: ODinWTuning
  private let augmentation: AugmentationOptions
  private let root: URL
  private let folder: URL
  private let shouldStop: () -> Bool
  /// The network as it is, once it was needed.
  private var untrained: Detector?

  init(
    model: ModelOptions, settings: [String: String], tuning: ODinWTuning, augmentation: AugmentationOptions,
    root: URL, folder: URL, shouldStop: @escaping () -> Bool
  ) {
    (self.model, self.settings, self.tuning, self.augmentation) = (model, settings, tuning, augmentation)
    (self.root, self.folder, self.shouldStop) = (root, folder, shouldStop)
  }

  /// Where a measurement's results are.
  func folder(of task: String, _ training: ODinWResult.Training?) -> URL {
    let folder = folder.appending(path: task)
    guard let training else { return folder.appending(path: "zero-shot") }
    guard let shots = training.shots else { return folder.appending(path: "all") }
    return folder.appending(path: "shots-\(shots)-seed-\(training.seed ?? 0)")
  }

  /// - Parameter part: of the task's data; nil for what its file tests on
  /// - Returns: nil where it was interrupted
  func measure(
    _ task: ODinWTask, part: String?, _ prompt: ODinWPrompt, _ training: ODinWResult.Training?
  ) throws -> ODinWResult? {
    let start = ContinuousClock.now
    let part = part ?? task.measuredPart
    var data = try EvaluationData(task.description(of: part, in: root, prompt: prompt), as: .coco)
    if let prompts = try task.classPrompts(for: data.dataset.classes, prompt: prompt) {
      data.classPrompts = prompts
    }
    var options = data.benchmark.options
    options.resize = task.resize
    let folder = folder(of: task.name, training)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let networks = folder.appending(path: "training")
    let configuration = try training.map {
      try self.configuration(task, $0, classes: data.dataset.classes, prompt: prompt)
    }

    var settings = data.settings(options, classesPerText: nil).merging(settings) { $1 }
    settings["looks"] = try augmentation.augmentation(task.resize)?.description
    if let configuration {
      settings["training"] = "\(Fingerprint(try configuration.yaml))"
    }
    // A pass begins only when training is over.
    let isBegun = FileManager.default.fileExists(atPath: folder.appending(path: "found").path)
    if let configuration, !isBegun, try train(configuration, in: networks) == .interrupted { return nil }
    let run = try EvaluationRun(data, settings: settings, results: folder, isResuming: isBegun)
    if run.remaining > 0 {
      let detector = try configuration == nil ? untrainedDetector() : trainedDetector(in: networks)
      try detector.validate(.classes(data.classPrompts), options: options)
      let line = ProgressLine()
      defer { line.clear() }
      let ending = try run.run(
        augmentation.detecting(detector, options),
        progress: { done, count in line.show(done, of: count, unit: "pictures of \(task.name)") },
        shouldStop: shouldStop)
      if ending == .interrupted { return nil }
    }

    let found = try run.found()
    let figures = try EvaluationFigures(found, on: data, classes: Set(data.classIndices))
    try found.write(to: folder.appending(path: "detections.json"), for: data)
    let file = ResultsFile(
      figures, of: data, settings: settings, seconds: start.duration(to: .now) / .seconds(1),
      networkSeconds: run.networkSeconds)
    try file.write(to: folder.appending(path: "results.json"))
    if !tuning.keepNetworks { try removeNetworks(in: networks) }
    return ODinWResult(
      task: task.name, part: part, prompt: task.available(prompt), checkpoint: settings["model"] ?? "",
      training: training, pictures: file.pictures, figures: file.figures)
  }

  // MARK: Networks

  private func untrainedDetector() throws -> Detector {
    if let untrained { return untrained }
    let detector = try model.evaluatedDetector()
    model.warn(about: detector)
    untrained = detector
    return detector
  }

  private func trainedDetector(in folder: URL) throws -> Detector {
    let best = folder.appending(path: "best.safetensors")
    let last = folder.appending(path: "last.safetensors")
    var model = model
    model.choice = (FileManager.default.fileExists(atPath: best.path) ? best : last).path
    // The file tells its sizes, those of what was added for training included.
    model.network.preset = nil
    return try model.evaluatedDetector()
  }

  private func removeNetworks(in folder: URL) throws {
    for name in ["best.safetensors", "last.safetensors", "checkpoints"] {
      let url = folder.appending(path: name)
      guard FileManager.default.fileExists(atPath: url.path) else { continue }
      try FileManager.default.removeItem(at: url)
    }
  }

  // MARK: Training

  private func configuration(
    _ task: ODinWTask, _ training: ODinWResult.Training, classes: [ObjectClass], prompt: ODinWPrompt
  ) throws -> TrainingConfiguration {
    // Pictures that were chosen for a task have files of their own, of its training data and of what it tests on.
    let suffix = training.shots.map { "_\($0)_\(training.seed ?? 0)" } ?? ""
    var part = TrainingPart(
      try task.description(of: task.trainingPart + suffix, in: root, prompt: prompt))
    part.prompting.classPrompts = try task.classPrompts(for: classes, prompt: prompt)
    let measured = task.measuredPart + suffix
    let validation =
      task.parts[measured] == nil
      ? nil : try task.description(of: measured, in: root, prompt: prompt)
    var result = TrainingConfiguration.fineTuning(
      try ModelOptions.file(model.model).path, on: part, mode: tuning.tune, shots: training.shots,
      validation: validation, size: task.resize)
    // The five sizes that the networks are pre-trained at, up to the one that is measured.
    result.data.augmentation.shortSides = Augmentation.authors.shortSides.map {
      max($0 * task.resize.minimumSide / 800, 1)
    }
    result.network.preset = model.network.preset
    result.optimization.epochs = tuning.epochs
    result.optimization.batch = tuning.batch
    result.optimization.precision = tuning.trainingPrecision
    result.device = model.device
    result.seed = UInt64(training.seed ?? 0)
    return result
  }

  private func train(_ configuration: TrainingConfiguration, in folder: URL) throws -> Trainer.Ending {
    if let threads = model.threads { try Runtime.setThreadCount(threads) }
    let state = folder.appending(path: "checkpoints/state.safetensors")
    let isResuming = FileManager.default.fileExists(atPath: state.path)
    if !isResuming, FileManager.default.fileExists(atPath: folder.path) {
      // It was ended before there was anything to go on with.
      try FileManager.default.removeItem(at: folder)
    }
    let shown = ShownProgress()
    let trainer = try Trainer(
      configuration, results: folder, isResuming: isResuming,
      observer: Trainer.Observer(
        progress: { shown.show($0) }, note: { shown.note($0) },
        validating: { done, count in shown.validating(done, of: count) }))
    shown.begin(at: trainer.step)
    defer { shown.finish() }
    return try trainer.run(shouldStop: shouldStop)
  }
}
