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
    let file = isFolder.boolValue ? FinetuneData.file(["val", "valid", "validation", "test"], in: data) : nil
    var (description, folder) = try reading.dataset(at: file ?? data)
    if skip { description.onError = .skip }
    return (description, folder)
  }
}
