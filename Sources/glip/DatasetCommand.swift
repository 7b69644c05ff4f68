import ArgumentParser
import Foundation
import GroundingData
import RunLog

struct DatasetCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dataset",
    abstract: "Look at annotated pictures, check them, compare and convert them, or compose them.",
    discussion: """
      Examples:
        glip dataset inspect annotations.json --images pictures
        glip dataset stats VOC2012 --json -
        glip dataset convert annotations.json --to odvg --output train.jsonl
        glip dataset preview annotations.json --output sheet.jpg
        glip dataset compare labelled/annotations.json annotated.json
        glip dataset synthesize --out scenes --count 1000 --view grounding
      """,
    subcommands: [
      DatasetInspectCommand.self, DatasetStatsCommand.self, DatasetConvertCommand.self,
      DatasetPreviewCommand.self, DatasetCompareCommand.self, DatasetSynthesizeCommand.self,
    ])
}

/// Which data set.
struct DatasetOptions: ParsableArguments {
  @Argument(
    help: ArgumentHelp(
      "Annotations: a .json file in the form of COCO, LVIS or MDETR, .jsonl (ODVG), the .yaml of TSV files, a folder "
        + "of Pascal VOC or Flickr30k Entities, a .tar file or folder of them (WebDataset), or a .yaml file that "
        + "describes a data set as recipes do.",
      valueName: "annotations"))
  var annotations: String

  @OptionGroup var reading: ReadingOptions

  @Flag(help: "Leave out what is malformed, after telling of it.")
  var skip = false

  /// - Parameter policy: what happens at malformed records.
  func open(_ policy: FaultPolicy) throws -> any CheckedDataset {
    var (description, folder) = try reading.dataset(at: annotations)
    description.onError = policy
    let progress = ProgressLine()
    progress.show("Reading \(printable(annotations))")
    defer { progress.clear() }
    return try description.open(relativeTo: folder)
  }

  /// Opens, works, and tells of what was left out.
  ///
  /// - Throws: at what is malformed, unless it is to be skipped.
  func withDataset<Result>(_ body: (any CheckedDataset) throws -> Result) throws -> Result {
    let dataset = try open(skip ? .skip : .fail)
    let result = try body(dataset)
    for error in dataset.faults.errors.prefix(Self.mostFaults) { warn(reason(error)) }
    if dataset.faults.count > 0 { warn("\(dataset.faults.count) malformed records or objects were left out") }
    return result
  }

  /// More would push what matters off the terminal.
  static let mostFaults = 20
}

extension DatasetDescription {
  /// - Parameter folders: values of --images: a folder, or several as source=folder; none leaves all as it is.
  mutating func takePictures(from folders: [String]) {
    let pairs = folders.map { $0.split(separator: "=", maxSplits: 1).map(String.init) }
    if folders.count == 1, pairs[0].count != 2 || FileManager.default.fileExists(atPath: folders[0]) {
      pictures = folders[0]
    } else if !folders.isEmpty {
      picturesBySource = Dictionary(pairs.map { ($0[0], $0[1]) }) { _, last in last }
    }
  }
}

extension DatasetDescription.Format: ExpressibleByArgument {}
extension WrittenFormat: ExpressibleByArgument {}
