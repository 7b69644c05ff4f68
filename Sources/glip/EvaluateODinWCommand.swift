import ArgumentParser
import Foundation
import GLIP
import GroundingEvaluation
import GroundingTraining
import RunLog
import Synchronization

extension ODinWPrompt: ExpressibleByArgument {}

struct EvaluateODinWCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "odinw",
    abstract:
      "Measure on the tasks of Object Detection in the Wild, the network as it is or fine-tuned for each.",
    discussion: """
      Examples:
        glip evaluate odinw --model glip-t --tasks configs/odinw_13 --root DATASET --results runs/odinw
        glip evaluate odinw --model glip-t --tasks configs/odinw_13 --root DATASET --shots 1 --results runs/one-shot
        glip evaluate odinw --tasks pothole.yaml --root DATASET --part test --flip --results runs/pothole
      The results folder gets a folder for each task with what was found and its figures, summary.json with all figures \
      and what they are of, and leaderboard.json. A task that fails does not keep the others from being measured; --resume \
      goes on where an interruption was, and tries again what has failed.
      """)

  @OptionGroup(title: "The tasks") var tasks: ODinWTasks
  @OptionGroup(title: "The network") var model: ModelOptions
  @OptionGroup(title: "Fine-tuning") var tuning: ODinWTuning
  @OptionGroup(title: "Looking several times") var augmentation: AugmentationOptions

  @Option(help: ArgumentHelp("The folder of the results.", valueName: "folder"))
  var results: String

  @Flag(help: "Go on with the evaluation in the results folder.")
  var resume = false

  func run() throws {
    let files = try tasks.files()
    let settings = try model.evaluationSettings()
    guard tuning.trainings == [nil] || model.model != "demonstration" else {
      throw CommandError("The demonstration weights are in no file to fine-tune")
    }
    let folder = URL(fileURLWithPath: results)
    try prepare(folder)
    let isAsked = Request()
    Interruption.askOnce { isAsked.value.store(true, ordering: .relaxed) }
    let runner = ODinWRunner(
      model: model, settings: settings, tuning: tuning, augmentation: augmentation,
      root: URL(fileURLWithPath: tasks.root), folder: folder,
      shouldStop: { isAsked.value.load(ordering: .relaxed) })

    var measured: [ODinWResult] = []
    var answers = ODinWAnswers()
    for file in files {
      let name = file.deletingPathExtension().lastPathComponent
      let read = Result { try ODinWTask(contentsOf: file) }
      for training in tuning.trainings {
        do {
          guard let result = try runner.measure(read.get(), part: tasks.part, tasks.prompt, training) else {
            return try say("Interrupted; what is done is kept: \(results); --resume goes on")
          }
          measured.append(result)
          answers.add(
            runner.folder(of: name, training).appending(path: "detections.json"), for: name,
            seed: training?.seed)
        } catch {
          let failure = CommandError(error, at: name).message
          warn(failure)
          let task = try? read.get()
          measured.append(
            ODinWResult(
              task: name, part: tasks.part ?? task?.measuredPart ?? "",
              prompt: task?.available(tasks.prompt) ?? tasks.prompt, checkpoint: settings["model"] ?? "",
              training: training, failure: failure))
        }
        // What is measured is on disk before the next task may fail.
        try ODinWSummary(measured).write(to: folder.appending(path: "summary.json"))
        try answers.write(to: folder.appending(path: "leaderboard.json"))
      }
    }
    try say(ODinWSummary(measured).text)
    try say("\nResults: \(results)")
    let failures = measured.count { $0.failure != nil }
    guard failures > 0 else { return }
    if measured.count > 1 { warn("\(failures) of \(measured.count) measurements could not be made") }
    throw ExitCode.failure
  }

  private func prepare(_ folder: URL) throws {
    let isThere = FileManager.default.fileExists(atPath: folder.appending(path: "summary.json").path)
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    if resume, names.isEmpty { throw CommandError("\(results) holds no evaluation to resume") }
    if !resume, isThere || !names.isEmpty {
      throw CommandError(
        "\(results) \(isThere ? "holds an evaluation already; --resume goes on with it" : "is not empty")")
    }
    try Destination.checkFolder(results)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  private final class Request: Sendable {
    let value = Atomic<Bool>(false)
  }
}

/// Which tasks, and what of them.
struct ODinWTasks: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The authors' task file, or a folder of them, of which _all.json may list some; may be repeated.",
      valueName: "path"))
  var tasks: [String]

  @Option(help: ArgumentHelp("The folder that the paths in task files are relative to.", valueName: "folder"))
  var root: String

  @Option(
    help: ArgumentHelp(
      "The part of each task's data to measure on, such as test. (default: what the task file tests on)",
      valueName: "name"))
  var part: String?

  @Option(
    help: ArgumentHelp(
      "What the network is asked for: phrases (the task's, where it has any, else names), names, or annotated (names of "
        + "the annotations).", valueName: "kind"))
  var prompt = ODinWPrompt.phrases

  func validate() throws {
    if tasks.isEmpty { throw ValidationError("--tasks is missing: a task file, or a folder of them") }
  }

  func files() throws -> [URL] {
    let files = try tasks.flatMap { try ODinWTask.files(at: URL(fileURLWithPath: $0)) }
    let names = Dictionary(grouping: files) { $0.deletingPathExtension().lastPathComponent }
    if let (name, same) = names.first(where: { $0.value.count > 1 }) {
      throw CommandError("\(same.count) of the task files are called '\(name)'; results would mix")
    }
    return files
  }
}

/// How the network is fine-tuned before it is measured, if it is.
struct ODinWTuning: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Fine-tune on so many pictures of each class, those that the task chose (1, 3, 5 or 10), or on 'all'.",
      valueName: "count"),
    transform: Shots.init)
  var shots: Shots?

  @Option(
    help: ArgumentHelp(
      "Which of the task's choices of pictures, separated by commas.", valueName: "number,…"),
    transform: Seeds.init)
  var seeds = Seeds([3, 30, 300])

  @Option(
    help:
      "What is trained: full, linear (the predictors), language (the text encoder) or prompt (an offset for each word)."
  )
  var tune = FineTuning.full

  @Option(help: ArgumentHelp("Most passes over the data.", valueName: "count"))
  var epochs = 200

  @Option(help: ArgumentHelp("Pictures of a step.", valueName: "count"))
  var batch = 4

  @Option(help: "Arithmetic of training's forward pass: fp32, bf16 or fp16.")
  var trainingPrecision = TrainingPrecision.float32

  @Flag(help: "Keep the fine-tuned networks when they are measured.")
  var keepNetworks = false

  struct Shots {
    /// Nil for all pictures.
    let count: Int?

    init(_ text: String) throws {
      count = Int(text)
      guard text == "all" || count ?? 0 > 0 else { throw ValidationError("a number, or 'all' is expected") }
    }
  }

  struct Seeds {
    let values: [Int]

    init(_ values: [Int]) { self.values = values }

    init(_ text: String) throws {
      values = try text.split(separator: ",", omittingEmptySubsequences: false).map { part in
        guard let seed = Int(part.trimmingCharacters(in: .whitespaces)), seed >= 0 else {
          throw ValidationError("numbers separated by commas are expected, such as 3,30,300")
        }
        return seed
      }
      guard Set(values).count == values.count else { throw ValidationError("a seed is there twice") }
    }
  }

  func validate() throws {
    for (name, value) in [("epochs", epochs), ("batch", batch)] where value < 1 {
      throw ValidationError("--\(name) is \(value); it must be at least 1")
    }
  }

  /// What is done with the network before it is measured: each is a measurement of its own; nil for nothing.
  var trainings: [ODinWResult.Training?] {
    guard let shots else { return [nil] }
    guard let count = shots.count else { return [.init(shots: nil, seed: nil)] }
    return seeds.values.map { .init(shots: count, seed: $0) }
  }
}

extension ODinWSummary {
  /// For a person.
  fileprivate var text: String {
    func number(_ value: Double?) -> String { value.map { String(format: "%.4f", $0) } ?? "none" }
    let names = ["AP", "AP50", "AP75"]
    let head = ["task", "network", "prompt", "part", "pictures"] + names
    let rows = results.map { result in
      [
        result.task, result.network, result.prompt.rawValue, result.part,
        result.pictures.map { "\($0)" } ?? "",
      ]
        + names.map { result.failure == nil ? number(result.figures[$0] ?? nil) : "failed" }
    }
    let count = measuredTasks == tasks ? "\(tasks) tasks" : "\(measuredTasks) of \(tasks) tasks"
    func row(_ name: String, _ value: Double?) -> [String] {
      [name, "", "", "", count, number(value), "", ""]
    }
    return table(
      [head] + rows + [row("average", average), row("median", median)], rightAligned: Set(4...7))
  }
}

extension ODinWResult {
  fileprivate var network: String {
    guard let training else { return checkpoint }
    let shots = training.shots.map { "\($0) shot\($0 == 1 ? "" : "s")" } ?? "all pictures"
    return checkpoint + " + " + shots + (training.seed.map { " (\($0))" } ?? "")
  }
}
