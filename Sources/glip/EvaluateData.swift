import ArgumentParser
import Foundation
import GroundingData

/// The pictures to measure on.
struct EvaluateData: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Annotated pictures: an annotation file or folder as 'glip dataset' takes them, a .yaml file that describes a "
        + "data set as recipes do, or a folder with val.json or annotations/instances_val*.json in it.",
      valueName: "path"))
  var data: String

  @Option(
    help: ArgumentHelp(
      "The folder of the pictures, if it is not found by itself. Of pictures from several sources, repeat it as "
        + "source=folder.", valueName: "folder"))
  var images: [String] = []

  @Option(
    help: ArgumentHelp(
      "The format, where it cannot be told: \(DatasetDescription.Format.allCases.map(\.rawValue).joined(separator: ", ")).",
      valueName: "format"))
  var format: DatasetDescription.Format?

  @Option(help: ArgumentHelp("A file with the names of classes (ODVG, TSV, WebDataset).", valueName: "file"))
  var labelMap: String?

  @Option(
    help: ArgumentHelp(
      "A file that lists the pictures of a split (Pascal VOC, Flickr30k Entities).", valueName: "file"))
  var list: String?

  @Option(help: ArgumentHelp("Take no more than so many records.", valueName: "count"))
  var limit: Int?

  @Flag(help: "Leave out what is malformed, and pictures that are missing, after telling of it.")
  var skip = false

  func validate() throws {
    if let limit, limit < 1 { throw ValidationError("--limit is \(limit); it must be at least 1") }
    if images.count > 1, !images.allSatisfy({ $0.contains("=") }) {
      throw ValidationError("several --images must each be written as source=folder")
    }
  }

  /// The data set, and the folder that its paths are relative to.
  func found() throws -> (description: DatasetDescription, folder: URL?) {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: data, isDirectory: &isFolder) else {
      throw CommandError("\(data) does not exist")
    }
    var (description, folder) = (DatasetDescription(annotations: data), nil as URL?)
    if isFolder.boolValue, let file = FinetuneData.file(["val", "valid", "validation", "test"], in: data) {
      description.annotations = file
    } else if let described = try described() {
      (description, folder) = (described, URL(fileURLWithPath: data).deletingLastPathComponent())
    }
    description.takePictures(from: images.map { folder == nil ? $0 : URL(fileURLWithPath: $0).path })
    if let format { description.format = format }
    if let labelMap { description.labelMap = labelMap }
    if let list { description.list = list }
    if let limit { description.limit = limit }
    if skip { description.onError = .skip }
    return (description, folder)
  }

  /// What a .yaml file describes; nil for one that is itself the annotation, of TSV files.
  private func described() throws -> DatasetDescription? {
    guard ["yaml", "yml"].contains(URL(fileURLWithPath: data).pathExtension.lowercased()), format == nil,
      let text = try? String(contentsOfFile: data, encoding: .utf8),
      text.split(whereSeparator: \.isNewline).contains(where: { $0.hasPrefix("annotations:") })
    else { return nil }
    do { return try DatasetDescription(yaml: text) } catch { throw CommandError(error, at: data) }
  }
}
