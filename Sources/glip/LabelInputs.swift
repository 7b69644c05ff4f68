import ArgumentParser
import Foundation
import GLIP
import GroundingData
import RunLog

/// What is labelled: pictures with captions, or pictures alone with a list of classes.
struct LabelInputs: ParsableArguments {
  @Argument(
    help: ArgumentHelp(
      "Folders of pictures, pictures, or patterns such as 'photos/*.jpg'; lists of pictures and captions (.jsonl, "
        + ".tsv, .csv); .tar files or folders of them (WebDataset); the .yaml of caption TSV files; annotation files in "
        + "other forms, of which the captions are used.", valueName: "input"))
  var inputs: [String]

  @Option(
    help: ArgumentHelp("Look for these names in every picture, separated by commas.", valueName: "a,b,…"))
  var classes: String?

  @Option(
    help: ArgumentHelp(
      "Look for the names in a file, one on a line (as for 'glip detect').", valueName: "file"))
  var classesFile: String?

  @Option(
    help: "Where the captions of pictures in folders are: txt, for a .txt file of the same name beside each.")
  var captionFrom: CaptionPlace?

  enum CaptionPlace: String, ExpressibleByArgument, CaseIterable { case txt }

  @Option(
    help: ArgumentHelp(
      "The format of annotation files, where it cannot be told: "
        + "\(DatasetDescription.Format.allCases.map(\.rawValue).joined(separator: ", ")).",
      valueName: "format"))
  var inputFormat: DatasetDescription.Format?

  @Option(
    help: ArgumentHelp(
      "The folder of the pictures of lists and annotation files; without it, 'images' beside them, or their own folder.",
      valueName: "folder"))
  var images: String?

  @Flag(help: "Look for pictures in the folders of a folder too.")
  var recursive = false

  @Option(help: ArgumentHelp("Label no more than so many pictures, the first ones.", valueName: "count"))
  var limit: Int?

  @Flag(help: "Leave out pictures that cannot be used, after telling of each, instead of ending.")
  var skip = false

  func validate() throws {
    if let limit, limit < 1 { throw ValidationError("--limit is \(limit); it must be at least 1") }
    guard [classes != nil, classesFile != nil, captionFrom != nil].count(where: { $0 }) < 2 else {
      throw ValidationError("Of --classes, --classes-file and --caption-from only one can be given")
    }
  }

  /// The classes to look for in every picture, if captions are not to be used.
  func names() throws -> [ClassPrompt]? {
    if let classes { return PromptOptions.list(classes) }
    return try classesFile.map(ClassesFile.read)
  }

  /// - Throws: `CommandError` or `DatasetError` for an input that cannot be opened, or has nothing to look for.
  func open() throws -> any CheckedDataset {
    let progress = ProgressLine()
    progress.show("Reading \(inputs.map(printable).joined(separator: ", "))")
    defer { progress.clear() }
    let parts = try inputs.map(opened)
    guard parts.allSatisfy({ $0.count > 0 }) else {
      let empty = parts.first { $0.count == 0 }?.name ?? ""
      throw CommandError("\(empty) holds no picture")
    }
    let all: any CheckedDataset = parts.count == 1 ? parts[0] : JoinedDatasets(parts)
    guard let limit, limit < all.count else { return all }
    return Subset(all, Array(0..<limit))
  }

  private func opened(_ input: String) throws -> any CheckedDataset {
    let url = URL(fileURLWithPath: input)
    let isPictures = classes != nil || classesFile != nil || captionFrom != nil
    if inputFormat == nil, Self.isList(url) {
      let images = images ?? Self.pictureFolder(beside: url)
      return try CaptionList(url, pictures: URL(fileURLWithPath: images), name: input)
    }
    let isAnnotated = inputFormat != nil || Self.isAnnotated(url)
    guard isAnnotated || !isPictures else {
      let files = try PictureFiles.find([input], recursive: recursive)
      return PictureList(
        name: input, files: files.map { ($0.url, $0.relativePath) }, hasCaptions: captionFrom != nil)
    }
    // Boxes that are there already are of no interest, nor what is wrong with them.
    let description = DatasetDescription(
      annotations: input, format: inputFormat, pictures: images, onError: .skip)
    let dataset: any CheckedDataset
    do { dataset = try description.open() } catch {
      guard PictureFiles.arePictures(input) else { throw error }
      throw CommandError(
        "\(input) has pictures only; say what to look for with --classes, --classes-file or --caption-from txt"
      )
    }
    for error in dataset.faults.errors {
      guard skip else { throw error }
      warn(reason(error))
    }
    return dataset
  }

  private static func isList(_ url: URL) -> Bool {
    switch url.pathExtension.lowercased() {
    case "csv", "tsv": true
    case "jsonl", "ndjson": CaptionList.isCaptionList(url)
    default: false
    }
  }

  /// Whether it is a file or folder of annotations rather than of pictures, by its name.
  private static func isAnnotated(_ url: URL) -> Bool {
    let types = ["json", "jsonl", "yaml", "yml", "tar"]
    if types.contains(url.pathExtension.lowercased()) { return true }
    let names = (try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []
    return names.contains { $0.hasSuffix(".tar") }
  }

  private static func pictureFolder(beside url: URL) -> String {
    let folder = url.deletingLastPathComponent().path
    var isFolder: ObjCBool = false
    let images = folder + "/images"
    return FileManager.default.fileExists(atPath: images, isDirectory: &isFolder) && isFolder.boolValue
      ? images : folder
  }
}
