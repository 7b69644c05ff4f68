import ArgumentParser
import Foundation
import GroundingData

/// How annotations are read.
struct ReadingOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The format, where it cannot be told: \(DatasetDescription.Format.allCases.map(\.rawValue).joined(separator: ", ")).",
      valueName: "format"))
  var format: DatasetDescription.Format?

  @Option(
    help: ArgumentHelp(
      "The folder of the pictures; without it, 'images' beside the annotations, or their own folder. Of pictures from "
        + "several sources, repeat it as source=folder.", valueName: "folder"))
  var images: [String] = []

  @Option(help: ArgumentHelp("A file with the names of classes (ODVG, TSV, WebDataset).", valueName: "file"))
  var labelMap: String?

  @Option(
    help: ArgumentHelp(
      "A file that lists the pictures of a split (Pascal VOC, Flickr30k Entities).", valueName: "file"))
  var list: String?

  @Option(help: ArgumentHelp("Take no more than so many records.", valueName: "count"))
  var limit: Int?

  func validate() throws {
    if let limit, limit < 1 { throw ValidationError("--limit is \(limit); it must be at least 1") }
    if images.count > 1, !images.allSatisfy({ $0.contains("=") }) {
      throw ValidationError("several --images must each be written as source=folder")
    }
  }

  /// The data set at a path, and the folder that its paths are relative to (nil for the current one).
  ///
  /// - Parameter path: an annotation file or folder, or a .yaml file that describes a data set as recipes do
  /// - Throws: `CommandError` for a description that says something wrong.
  func dataset(at path: String) throws -> (description: DatasetDescription, folder: URL?) {
    var given = DatasetDescription(annotations: path, format: format)
    given.takePictures(from: images)
    (given.labelMap, given.list, given.limit) = (labelMap, list, limit)
    guard var description = try described(in: path) else { return (given, nil) }
    // Its own paths are relative to its file, those of options to the current folder.
    func absolute(_ path: String) -> String { URL(fileURLWithPath: path).path }
    if let pictures = given.pictures { description.pictures = absolute(pictures) }
    if let sources = given.picturesBySource { description.picturesBySource = sources.mapValues(absolute) }
    if let labelMap { description.labelMap = absolute(labelMap) }
    if let list { description.list = absolute(list) }
    if let limit { description.limit = limit }
    return (description, URL(fileURLWithPath: path).deletingLastPathComponent())
  }

  /// What a .yaml file describes; nil for one that is itself the annotation, of TSV files.
  private func described(in path: String) throws -> DatasetDescription? {
    guard ["yaml", "yml"].contains(URL(fileURLWithPath: path).pathExtension.lowercased()),
      format == nil,
      let text = try? String(contentsOfFile: path, encoding: .utf8),
      text.split(whereSeparator: \.isNewline).contains(where: { $0.hasPrefix("annotations:") })
    else { return nil }
    do { return try DatasetDescription(yaml: text) } catch { throw CommandError(error, at: path) }
  }
}
