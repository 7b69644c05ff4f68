import ArgumentParser
import Foundation
import GroundingData
import RunLog

struct DatasetConvertCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert",
    abstract: "Write a data set in another format.",
    discussion: """
      coco, mdetr, odvg and label-studio become one file that names the pictures where they are, or where --copy-images \
      puts them. voc, yolo, tsv and webdataset become a folder with the pictures in it.
      """)

  @OptionGroup var dataset: DatasetOptions

  @Option(
    help: ArgumentHelp(
      "The format to write: \(WrittenFormat.allCases.map(\.rawValue).joined(separator: ", ")).",
      valueName: "format"))
  var to: WrittenFormat

  @Option(help: ArgumentHelp("The file or folder to write.", valueName: "path"))
  var output: String

  @Option(
    help: ArgumentHelp(
      "Copy the pictures into this folder; without it, they stay where they are.", valueName: "folder"))
  var copyImages: String?

  func validate() throws {
    if to.isFolder, copyImages != nil {
      throw ValidationError("\(to.rawValue) always takes the pictures along; leave --copy-images out")
    }
  }

  func run() throws {
    let target = URL(fileURLWithPath: output)
    if to.isFolder {
      try Destination.checkFolder(output)
    } else {
      try Destination(output, keeping: [dataset.annotations]).makeFolder()
    }
    try dataset.withDataset { opened in
      let copies = copyImages.map { PictureNames.copied(to: URL(fileURLWithPath: $0)) }
      let pictures = copies ?? .relative(to: opened.picturesFolder)
      let writer = try to.writer(to: target, classes: opened.classes, pictures: pictures)
      let progress = ProgressLine()
      defer { progress.clear() }
      var written = 0
      for index in 0..<opened.count {
        progress.show(index, of: opened.count, unit: "records")
        guard let record = try opened.soundRecord(at: index) else { continue }
        try writer.write(record)
        written += 1
      }
      try Interruption.whileDeferred { try writer.finish() }
      progress.clear()
      if writer.omittedObjects > 0 {
        warn("\(writer.omittedObjects) crowds were left out, for which \(to.rawValue) has no place")
      }
      try say("\(output): \(written) records, \(opened.classes.count) classes")
    }
  }
}
