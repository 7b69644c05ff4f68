import ArgumentParser
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

  /// - Parameter folders: in place of `images`, where paths of the description are relative to its own folder
  func apply(to description: inout DatasetDescription, images folders: [String]? = nil) {
    description.takePictures(from: folders ?? images)
    if let format { description.format = format }
    if let labelMap { description.labelMap = labelMap }
    if let list { description.list = list }
    if let limit { description.limit = limit }
  }
}
