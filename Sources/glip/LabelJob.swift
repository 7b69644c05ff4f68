import Checkpoints
import Foundation
import GLIP
import GroundingData
import Torch

/// What `glip label` was asked to do, with its inputs opened.
struct LabelJob {
  let command: LabelCommand
  let dataset: any CheckedDataset
  let prompts: Labeller.Prompts
  let writing: LabellingFolder.Writing

  init(_ command: LabelCommand) throws {
    self.command = command
    let dataset = try command.inputs.open()
    self.dataset = dataset
    let classes: [ObjectClass]
    if let names = try command.inputs.names() {
      classes = names.enumerated().map { ObjectClass(id: $0 + 1, name: $1.name) }
      prompts = .classes(names)
    } else if !dataset.classes.isEmpty {
      classes = dataset.classes
      prompts = .classes(classes.map { ClassPrompt($0.name) })
    } else {
      let file = command.rules.excludePhrases.map { URL(fileURLWithPath: $0) }
      classes = []
      prompts = .captions(try file.map { try PhraseExclusion(contentsOf: $0) } ?? .standard)
    }
    let format = try Self.format(command.format, hasClasses: !classes.isEmpty)
    let folder = URL(fileURLWithPath: command.output)
    // Pictures within other files have no name of their own.
    let isCopying = format.isFolder || command.copyImages || dataset.picturesFolder == nil
    writing = LabellingFolder.Writing(
      format: format,
      pictures: isCopying
        ? .copied(to: LabellingFolder.copies(in: folder)) : .relative(to: dataset.picturesFolder),
      classes: classes,
      model: URL(fileURLWithPath: command.model.model).deletingPathExtension().lastPathComponent,
      keepsEmptyPictures: command.rules.keepEmpty)
  }

  private static func format(_ format: WrittenFormat?, hasClasses: Bool) throws -> WrittenFormat {
    guard let format else { return hasClasses ? .coco : .mdetr }
    let fits =
      switch format {
      case .mdetr: !hasClasses
      case .coco, .voc, .yolo: hasClasses
      case .odvg, .tsv, .webdataset, .labelStudio: true
      }
    guard fits else {
      throw CommandError(
        hasClasses
          ? "--format \(format.rawValue) is for captions; a list of classes needs another, such as coco"
          : "--format \(format.rawValue) has no place for captions; choose another, such as mdetr, or name --classes"
      )
    }
    return format
  }

  /// Finds what is wrong with options, before the network is loaded.
  func check() throws {
    try Destination.checkFolder(command.output)
    if command.inputs.recursive, let input = command.inputs.inputs.first(where: holdsOutput) {
      throw CommandError("\(command.output) is in \(input), all folders of which are searched; name another")
    }
    try command.rules.rules().validate()
    try command.rules.options().validate(labels: [])
    let encoder = PromptEncoder(tokenizer: try .bertUncased())
    switch prompts {
    case .classes(let classes): _ = try encoder.encode(.classes(classes))
    case .captions: _ = try encoder.nounPhrases(in: "a cat")
    }
    for file in try command.model.files() {
      _ = try ModelFile(URL(fileURLWithPath: file), preset: command.model.network.preset)
    }
  }

  private func holdsOutput(_ input: String) -> Bool {
    let (input, output) = (URL(fileURLWithPath: input), URL(fileURLWithPath: command.output))
    return output.standardizedFileURL.path.hasPrefix(input.standardizedFileURL.path + "/")
  }

  func folder() throws -> LabellingFolder {
    var settings = command.rules.settings
    let inputs = command.inputs
    for (number, input) in inputs.inputs.enumerated() {
      settings["input \(number + 1)"] = try "\(input) (\(fingerprint(input)))"
    }
    settings["pictures"] = "\(dataset.count)"
    settings["--images"] = inputs.images ?? "not given"
    settings["--recursive"] = "\(inputs.recursive)"
    settings["--classes"] = inputs.classes ?? "not given"
    for (name, file) in [
      ("classes-file", inputs.classesFile), ("exclude-phrases", command.rules.excludePhrases),
    ] {
      settings["--\(name)"] = try file.map { try "\($0) (\(fingerprint($0)))" } ?? "not given"
    }
    settings["--model"] = try command.model.files().reduce(command.model.model) {
      try "\($0) (\(fingerprint($1)))"
    }
    settings["--precision"] = command.model.precision.rawValue
    settings["--format"] = writing.format.rawValue
    settings["--copy-images"] = "\(command.copyImages)"
    return try LabellingFolder(
      URL(fileURLWithPath: command.output), count: dataset.count, settings: settings, writing: writing)
  }

  /// Of a file or folder; a pattern stands for the files that it matches.
  private func fingerprint(_ path: String) throws -> String {
    guard FileManager.default.fileExists(atPath: path) else { return "pattern" }
    do {
      let output = URL(fileURLWithPath: command.output)
      return try Fingerprint(sampling: URL(fileURLWithPath: path), without: output).description
    } catch {
      throw CommandError(error, at: path)
    }
  }

  func labeller(rank: Int, localRank: Int?) throws -> Labeller {
    var model = command.model
    if model.device == "cuda", let localRank { model.device = "cuda:\(localRank)" }
    let detector = try model.detector(style: .evaluation)
    if rank == 0 { model.warn(about: detector) }
    return try Labeller(
      detector, prompts: prompts, rules: command.rules.rules(), options: command.rules.options())
  }
}
