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

  @OptionGroup var reading: ReadingOptions

  @Flag(help: "Leave out what is malformed, and pictures that are missing, after telling of it.")
  var skip = false

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
    // The description's own paths are relative to its file, those of options to the current folder.
    reading.apply(
      to: &description, images: reading.images.map { folder == nil ? $0 : URL(fileURLWithPath: $0).path })
    if skip { description.onError = .skip }
    return (description, folder)
  }

  /// What a .yaml file describes; nil for one that is itself the annotation, of TSV files.
  private func described() throws -> DatasetDescription? {
    guard ["yaml", "yml"].contains(URL(fileURLWithPath: data).pathExtension.lowercased()),
      reading.format == nil,
      let text = try? String(contentsOfFile: data, encoding: .utf8),
      text.split(whereSeparator: \.isNewline).contains(where: { $0.hasPrefix("annotations:") })
    else { return nil }
    do { return try DatasetDescription(yaml: text) } catch { throw CommandError(error, at: data) }
  }
}
