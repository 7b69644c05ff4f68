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
        do { tiles.append(try tile(record, opened.classes, sheet)) } catch let error as PictureError {
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

  private func tile(
    _ record: Record, _ classes: [ObjectClass], _ sheet: ContactSheet
  ) throws -> (picture: Picture, text: String) {
    let picture = try record.picture.load()
    let size = sheet.tileSize(width: picture.width, height: picture.height)
    let scale = (Double(size.width) / Double(picture.width), Double(size.height) / Double(picture.height))
    let words = Words(of: record, classes)
    let annotations = record.objects.enumerated().map { index, object in
      Annotation(
        box: PixelBox(
          x0: object.box.x0 * scale.0, y0: object.box.y0 * scale.1, x1: (object.box.x1 + 1) * scale.0,
          y1: (object.box.y1 + 1) * scale.1),
        label: words.label(of: object) + (object.isCrowd ? " (crowd)" : ""), score: object.score,
        colorIndex: object.classIndex ?? index)
    }
    let small = picture.resized(width: size.width, height: size.height)
    return (try small.annotated(annotations, style: AnnotationStyle(fontSize: 12)), words.text)
  }
}

/// What a record says in words.
private struct Words {
  private let caption: [Unicode.Scalar]?
  private let classes: [ObjectClass]
  /// The line below the picture.
  let text: String

  init(of record: Record, _ classes: [ObjectClass]) {
    self.classes = classes
    switch record.text {
    case .caption(let caption):
      self.caption = Array(caption.unicodeScalars)
      text = "\(record.id): \(caption)"
    case .classes:
      caption = nil
      let counts = Dictionary(grouping: record.objects.compactMap(\.classIndex)) { $0 }.mapValues(\.count)
      let list = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($1) \(classes[$0].name)" }
      text = "\(record.id): \(list.isEmpty ? "nothing" : list.joined(separator: ", "))"
    }
  }

  func label(of object: Record.Object) -> String {
    guard let caption else { return object.classIndex.map { classes[$0].name } ?? "" }
    return object.spans.map { span in
      String(String.UnicodeScalarView(caption[span.clamped(to: caption.indices)]))
    }.joined(separator: " … ")
  }
}
