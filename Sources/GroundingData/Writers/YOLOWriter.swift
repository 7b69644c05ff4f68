import Foundation

/// YOLO's folders: for each picture a text file with a line for each object, class and box as shares of the picture.
final class YOLOWriter: DatasetWriter {
  private(set) var omittedObjects = 0
  private let folder: PictureFolder

  init(_ url: URL, classes: [ObjectClass]) throws {
    folder = try PictureFolder(
      url, classes: classes, format: "YOLO's form", pictures: "images", texts: "labels", type: "txt")
  }

  func write(_ record: Record) throws {
    try folder.write(record) { _, size in YOLOText.objects(of: record, size) }
    omittedObjects += record.objects.count { $0.isCrowd }
  }

  func finish() throws {
    try folder.write(YOLOText.configuration(folder.classes), to: "data.yaml")
    try folder.commit()
  }
}

/// What stands in YOLO's files.
package enum YOLOText {
  /// A line for each object: class and box as shares of the picture.
  package static func objects(of record: Record, _ size: Record.Size) -> String {
    let (width, height) = (Double(size.width), Double(size.height))
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
    return lines.joined()
  }

  /// `data.yaml`, which names the classes.
  package static func configuration(_ classes: [ObjectClass]) -> String {
    let names = classes.enumerated().map { "  \($0): \(JSONText.string($1.name))\n" }.joined()
    // Readers ask for a validation split; there is only one here.
    return "path: .\ntrain: images\nval: images\nnames:\n\(names)"
  }
}
