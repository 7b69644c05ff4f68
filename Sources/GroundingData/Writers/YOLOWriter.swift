import Foundation

/// YOLO's folders: for each picture a text file with a line for each object, class and box as shares of the picture.
final class YOLOWriter: DatasetWriter {
  private(set) var omittedObjects = 0
  private let folder: OutputFolder
  private let classes: [ObjectClass]
  private let pictures: PictureNames

  init(_ url: URL, classes: [ObjectClass]) throws {
    self.classes = classes
    folder = try OutputFolder(url)
    pictures = .copied(to: folder.url.appending(path: "images"))
    try FileManager.default.createDirectory(
      at: folder.url.appending(path: "labels"), withIntermediateDirectories: true)
  }

  func write(_ record: Record) throws {
    try record.requireClasses("YOLO's form", classes)
    let size = try record.knownSize()
    let (width, height) = (Double(size.width), Double(size.height))
    _ = try pictures.name(of: record)
    omittedObjects += record.objects.count { $0.isCrowd }
    let lines = record.objects.filter { !$0.isCrowd }.compactMap { object in
      object.classIndex.map { index in
        // The part within the picture: shares beyond 0 and 1 are refused by those who read them.
        let (left, top) = (max(0, object.box.x0), max(0, object.box.y0))
        let (right, bottom) = (min(width, object.box.x1 + 1), min(height, object.box.y1 + 1))
        let shares = [
          (left + right) / 2 / width, (top + bottom) / 2 / height, (right - left) / width,
          (bottom - top) / height,
        ]
        return "\(index) \(shares.map(JSONText.number).joined(separator: " "))\n"
      }
    }
    try Data(lines.joined().utf8).write(to: folder.url.appending(path: "labels/\(record.fileStem).txt"))
  }

  func finish() throws {
    let names = classes.enumerated().map { "  \($0): \(JSONText.string($1.name))\n" }.joined()
    // Readers ask for a validation split; there is only one here.
    let text = "path: .\ntrain: images\nval: images\nnames:\n\(names)"
    try Data(text.utf8).write(to: folder.url.appending(path: "data.yaml"))
    try folder.commit()
  }
}
