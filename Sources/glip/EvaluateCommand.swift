import ArgumentParser
import Foundation
import GLIP
import GroundingData
import GroundingEvaluation
import RunLog
import Synchronization
import Torch

extension Benchmark: ExpressibleByArgument {}

struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "data",
    abstract: "Measure how well a network finds what a data set has, as the benchmarks do.",
    discussion: """
      Examples:
        glip evaluate --data instances_val2017.json --images val2017 --results runs/coco
        glip evaluate --data lvis_v1_minival.json --images coco --protocol lvis --results runs/lvis --processes 4
        glip evaluate --data final_flickr_separateGT_test.json --images flickr30k-images
        glip evaluate --data val.json --detections detections.json --per-class
      The results folder gets what was found on each picture as soon as it is done, so that --resume goes on with an \
      evaluation that was interrupted; at the end results.json with all figures, and detections.json.
      """)

  @OptionGroup(title: "The data") var data: EvaluateData

  @Option(
    name: .customLong("protocol"),
    help: ArgumentHelp(
      "How the benchmark asks and measures: \(Benchmark.allCases.map(\.rawValue).joined(separator: ", ")). (default: "
        + "what the data are made for)", valueName: "benchmark"))
  var benchmark: Benchmark?

  @Option(
    help: ArgumentHelp(
      "Measure these detections instead of running a network: a results file in COCO's form.",
      valueName: "file"))
  var detections: String?

  @OptionGroup(title: "The network") var model: ModelOptions
  @OptionGroup(title: "What it is asked") var asking: EvaluateAsking
  @OptionGroup(title: "Looking several times") var augmentation: AugmentationOptions

  @Option(
    help: ArgumentHelp(
      "Measure these classes only, separated by commas; the network is asked for all.", valueName: "a,b,…"))
  var classes: String?

  @Flag(help: "Print the figures of every class, or type of phrase.")
  var perClass = false

  @Option(help: ArgumentHelp("The folder of the results.", valueName: "folder"))
  var results: String?

  @Flag(
    help:
      "Also make a page of curves, confusions and the worst pictures in the results folder: report/index.html."
  )
  var report = false

  @Flag(help: "Go on with the evaluation in the results folder.")
  var resume = false

  @Option(
    help: ArgumentHelp(
      "Processes on this machine that share the pictures; they need --results.",
      discussion:
        "On several machines start one with torchrun --no-python, or Slurm, and results in a folder that all see.",
      valueName: "count"))
  var processes = 1

  func validate() throws {
    guard (1...1024).contains(processes) else {
      throw ValidationError("--processes is \(processes); it must be 1 to 1024")
    }
    if results == nil {
      if report { throw ValidationError("--report needs --results: the folder to put it in") }
      if resume { throw ValidationError("--resume needs --results: the folder to go on with") }
      if processes > 1 {
        throw ValidationError("several --processes need --results: the folder that they share")
      }
    }
    if detections != nil, resume || processes > 1 {
      throw ValidationError("--detections are there already: nothing to resume or to share")
    }
  }

  func run() throws {
    let start = ContinuousClock.now
    let (description, folder) = try data.found()
    var data = try EvaluationData(
      description, as: benchmark, relativeTo: folder, checkingPictures: detections == nil)
    try asking.apply(to: &data)
    let measured = try measuredClasses(of: data)
    if let results { try Destination.checkFolder(results) }

    let (found, settings, networkSeconds): (FoundObjects, [String: String], Double?)
    if let detections {
      found = try FoundObjects(contentsOf: URL(fileURLWithPath: detections), for: data)
      (settings, networkSeconds) = (["detections": detections], nil)
    } else {
      settings = try self.settings(for: data)
      guard let run = try detected(data, settings) else { return }
      (found, networkSeconds) = (try run.found(), run.networkSeconds)
    }
    if self.data.skip { tellOfFaults(in: data.dataset) }
    let measurement = try EvaluationFigures(found, on: data, classes: measured)
    if let results {
      let results = URL(fileURLWithPath: results)
      try FileManager.default.createDirectory(at: results, withIntermediateDirectories: true)
      if detections == nil { try found.write(to: results.appending(path: "detections.json"), for: data) }
      try ResultsFile(
        measurement, of: data, settings: settings, seconds: start.duration(to: .now) / .seconds(1),
        networkSeconds: networkSeconds
      ).write(to: results.appending(path: "results.json"))
      if report {
        try data.writeReport(on: found, measurement, classes: measured, to: results.appending(path: "report"))
      }
    }
    try say(measurement.text(data, perClass: perClass))
    if let results { try say("\nResults: \(results)") }
  }

  /// Positions of the classes that were named.
  private func measuredClasses(of data: EvaluationData) throws -> Set<Int>? {
    guard let classes else { return nil }
    return Set(
      try classes.split(separator: ",").map { part in
        let name = part.trimmingCharacters(in: .whitespaces)
        guard let index = data.groundTruth.classes.firstIndex(where: { $0.name == name }) else {
          throw CommandError("\(data.dataset.name) has no class '\(name)'")
        }
        return index
      })
  }

  private func tellOfFaults(in dataset: any CheckedDataset) {
    for error in dataset.faults.errors.prefix(DatasetOptions.mostFaults) { warn(reason(error)) }
    if dataset.faults.count > 0 { warn("\(dataset.faults.count) malformed records or objects were left out") }
  }
}

// MARK: Running a network

extension EvaluateCommand {
  /// What detections depend on.
  private func settings(for data: EvaluationData) throws -> [String: String] {
    let options = asking.options(data.benchmark)
    var settings = data.settings(options, classesPerText: asking.limit(data.benchmark))
    settings.merge(try model.evaluationSettings()) { $1 }
    let size = try options.resize ?? model.configuration.resize
    settings["looks"] = try augmentation.augmentation(size)?.description
    return settings
  }

  /// The pass of the network, in this process or in several; nil where another process measures, or it was interrupted.
  private func detected(_ data: EvaluationData, _ settings: [String: String]) throws -> EvaluationRun? {
    let folder = results.map { URL(fileURLWithPath: $0) }
    let place = try SeveralProcesses.environment()
    if place == nil, let folder {
      // Before a network is loaded, or several processes say the same.
      try EvaluationRun.check(folder, settings: settings, isResuming: resume)
    }
    if processes > 1, place == nil {
      try SeveralProcesses.run(processes, threads: model.threads)
      return nil
    }
    guard folder != nil || place == nil else {
      throw CommandError("Several processes need --results: the folder that they share")
    }
    var model = model
    if let place, model.device == "cuda" { model.device = "cuda:\(place.localRank)" }
    let detector = try model.evaluatedDetector(classesPerText: asking.limit(data.benchmark))
    let options = asking.options(data.benchmark)
    if !data.benchmark.asksForPhrases { try detector.validate(.classes(data.classPrompts), options: options) }
    let isFirst = place?.rank ?? 0 == 0
    if isFirst { model.warn(about: detector) }

    // One process may be done long before another.
    let group = try place.map { try ProcessGroup($0, timeout: .seconds(86_400)) }
    let run = try EvaluationRun(data, settings: settings, results: folder, isResuming: resume, group: group)
    let isAsked = Request()
    if folder != nil { Interruption.askOnce { isAsked.value.store(true, ordering: .relaxed) } }
    let line = ProgressLine()
    defer { line.clear() }
    let ending = try run.run(augmentation.detecting(detector, options)) { done, count in
      let size = place?.size ?? 1
      if isFirst { line.show(done * size, of: count * size, unit: "pictures") }
    } shouldStop: {
      isAsked.value.load(ordering: .relaxed)
    }
    guard isFirst else { return nil }
    if ending == .interrupted {
      line.clear()
      try say("Interrupted; what is done is kept: \(results ?? ""); --resume goes on")
      return nil
    }
    return run
  }

  private final class Request: Sendable {
    let value = Atomic<Bool>(false)
  }
}
