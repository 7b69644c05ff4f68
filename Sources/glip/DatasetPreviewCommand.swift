import ArgumentParser
import Foundation
import GroundingData
import Pictures
import RunLog

struct DatasetPreviewCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "preview",
    abstract: "Draw some pictures of a data set with their boxes on one sheet.",
    discussion: "The choice is random, and the same for the same seed. Crowds are marked as such.")

  @OptionGroup var dataset: DatasetOptions

  @Option(help: ArgumentHelp("The sheet, a .png or .jpg file.", valueName: "file"))
  var output: String

  @Option(help: ArgumentHelp("How many pictures.", valueName: "count"))
  var count = 12

  @Option(help: "Chooses the pictures.")
  var seed: UInt64 = 0

  @Option(help: ArgumentHelp("How many beside each other.", valueName: "count"))
  var columns = 3

  @Option(help: ArgumentHelp("Pixels of a picture's longer side on the sheet.", valueName: "pixels"))
  var size = 420

  func validate() throws {
    for (name, value, range) in [
      ("count", count, 1...1000), ("columns", columns, 1...100), ("size", size, 32...4096),
    ] where !range.contains(value) {
      throw ValidationError(
        "--\(name) is \(value); it must be from \(range.lowerBound) to \(range.upperBound)")
    }
    guard ["png", "jpg", "jpeg"].contains(URL(fileURLWithPath: output).pathExtension.lowercased()) else {
      throw ValidationError("--output \(output) is neither a .png nor a .jpg file")
    }
  }

  func run() throws {
    let target = try Destination(output, keeping: [dataset.annotations])
    try target.makeFolder()
    let sheet = ContactSheet(tileWidth: size, columns: columns)
    let tiles = try dataset.withDataset { opened in
      let progress = ProgressLine()
      defer { progress.clear() }
      var tiles: [(picture: Picture, text: String)] = []
      var generator = SeededGenerator(seed: seed)
      // Those that are malformed give way to others.
      for index in (0..<opened.count).shuffled(using: &generator) {
        guard tiles.count < count else { break }
        progress.show(tiles.count, of: count, unit: "pictures")
        guard let record = try opened.soundRecord(at: index) else { continue }
        do { tiles.append(try sheet.tile(of: record, opened.classes)) } catch let error as PictureError {
          guard dataset.skip else { throw error }
          warn(reason(error))
        }
      }
      return tiles
    }
    guard !tiles.isEmpty else { throw CommandError("\(dataset.annotations) has no record to show") }
    let drawn = try sheet.drawn(tiles)
    try Interruption.whileDeferred { try drawn.write(to: target.url) }
    try say("\(output): \(tiles.count) pictures")
  }
}
