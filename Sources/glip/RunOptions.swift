import ArgumentParser
import Foundation
import GroundingTraining
import RunLog
import Synchronization
import Torch

/// Where a training run leaves its results, and on how many processes it runs.
struct RunOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The folder of the results.", valueName: "folder"))
  var output: String

  @Flag(help: "Go on with the run in the results folder.")
  var resume = false

  @Option(
    help: ArgumentHelp(
      "Processes on this machine that train together, each with a part of the pictures of a step.",
      discussion:
        "On several machines start one with torchrun --no-python, or Slurm: RANK, WORLD_SIZE, MASTER_ADDR and "
        + "MASTER_PORT are read.", valueName: "count"))
  var processes = 1

  @Option(
    help: ArgumentHelp("Threads of each process. (default: the cores, shared evenly)", valueName: "count"))
  var threads: Int?

  func validate() throws {
    guard (1...1024).contains(processes) else {
      throw ValidationError("--processes is \(processes); it must be 1 to 1024")
    }
    if let threads, threads < 1 { throw ValidationError("--threads is \(threads); it must be at least 1") }
  }

  /// Trains, in this process or in several, and shows how it goes.
  func train(_ configuration: TrainingConfiguration) throws {
    guard processes > 1, try SeveralProcesses.environment() == nil else {
      return try trainHere(configuration)
    }
    // What is wrong with the settings is said once, before there are several to say it.
    try configuration.checkShares(processes: processes)
    try SeveralProcesses.run(processes, threads: threads)
  }

  private func trainHere(_ configuration: TrainingConfiguration) throws {
    if let threads { try Runtime.setThreadCount(threads) }
    let group = try SeveralProcesses.environment().map { try ProcessGroup($0) }
    let isFirst = group?.rank ?? 0 == 0
    let shown = ShownProgress()
    let observer =
      !isFirst
      ? Trainer.Observer()
      : Trainer.Observer(
        progress: { shown.show($0) }, note: { shown.note($0) },
        validating: { done, count in shown.validating(done, of: count) })
    let trainer = try Trainer(
      configuration, results: URL(fileURLWithPath: output), isResuming: resume, group: group,
      observer: observer)
    if isFirst { for note in trainer.notes { try say(note) } }
    shown.begin(at: trainer.step)

    let isAsked = Request()
    Interruption.askOnce { isAsked.value.store(true, ordering: .relaxed) }
    let ending = try trainer.run { isAsked.value.load(ordering: .relaxed) }
    shown.finish()
    guard isFirst else { return }
    switch ending {
    case .finished: try say("Finished: \(output)")
    case .stoppedEarly: try say("Validation did not get better any more: \(output)")
    case .interrupted: try say("Interrupted and saved: \(output); --resume goes on")
    }
  }

  private final class Request: Sendable {
    let value = Atomic<Bool>(false)
  }
}

/// The progress line of a run.
final class ShownProgress {
  private var report = ProgressReport()
  private let line = ProgressLine()

  /// - Parameter step: steps that were done before this process; 0 unless it is told
  func begin(at step: Int) { report = ProgressReport(startingAt: step) }
  func show(_ progress: RunProgress) { report.show(progress) }
  func note(_ text: String) { report.note(printable(text)) }
  func validating(_ done: Int, of count: Int) { line.show(done, of: count, unit: "pictures") }
  func finish() { report.finish() }
}
