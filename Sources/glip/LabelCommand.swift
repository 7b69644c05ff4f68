import ArgumentParser
import Foundation
import GLIP
import GroundingData
import Torch

struct LabelCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "label",
    abstract: "Let a network annotate pictures, by their captions or a list of classes.",
    discussion: """
      Of captions the noun phrases are looked for, and the result ties boxes to words: training data for a student \
      network. With a list of classes it is detection data. The output folder gets the annotations when all pictures are \
      done, and statistics.json. A run that was ended in whatever way goes on when the same command is given again.

      Examples:
        glip label photos --classes "cat, dog" --format yolo --output labelled
        glip label captions.csv --images photos --model teacher.safetensors --processes 4 --output web
        glip label shards --format webdataset --skip --output web
      """)

  @OptionGroup(title: "What to label") var inputs: LabelInputs
  @OptionGroup(title: "The network") var model: ModelOptions
  @OptionGroup(title: "Which boxes to keep") var rules: LabelRuleOptions

  @Option(
    name: [.customLong("output"), .customLong("out")],
    help: ArgumentHelp("The folder of the result.", valueName: "folder"))
  var output: String

  @Option(
    help: ArgumentHelp(
      "The format to write: \(WrittenFormat.allCases.map(\.rawValue).joined(separator: ", ")). (default: mdetr for "
        + "captions, coco for classes)", valueName: "format"))
  var format: WrittenFormat?

  @Flag(help: "Copy the pictures beside the annotations, for formats that else name them where they are.")
  var copyImages = false

  @Option(
    help: ArgumentHelp("Draw so many pictures of the result on one sheet, preview.jpg.", valueName: "count"))
  var preview: Int?

  @Option(
    help: ArgumentHelp(
      "Processes on this machine that share the pictures.",
      discussion:
        "On several machines start one on each with RANK, WORLD_SIZE and MASTER_ADDR set, as torchrun and Slurm "
        + "do, and one output folder that all of them see.", valueName: "count"))
  var processes = 1

  func validate() throws {
    guard (1...1024).contains(processes) else {
      throw ValidationError("--processes is \(processes); it must be 1 to 1024")
    }
    if let preview, !(1...300).contains(preview) {
      throw ValidationError("--preview is \(preview); it must be 1 to 300")
    }
  }

  func run() throws {
    let environment = try RunEnvironment(ProcessInfo.processInfo.environment)
    let job = try LabelJob(self)
    // What is wrong with the options is said once, before there is a folder and several processes to say it.
    try job.check()
    let folder = try job.folder()
    if folder.isFinished {
      return try say("\(output) is finished: \(folder.result.lastPathComponent) holds the labels")
    }
    guard processes > 1, environment == nil else {
      return try LabelWork(job, folder, rank: environment?.rank ?? 0, of: environment?.size ?? 1).run()
    }
    switch try Launcher(again: processes, threads: model.threads).run() {
    case .finished: break
    case .failed(let rank, let ending):
      let outcome = Launcher.Outcome.failed(rank: rank, ending)
      throw CommandError("\(outcome) The same command goes on with what is done")
    }
  }
}
