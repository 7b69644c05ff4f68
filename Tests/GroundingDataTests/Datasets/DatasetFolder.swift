import Foundation
import GroundingData
import Pictures
import Testing

/// A folder with files of a data set, removed with the object.
final class DatasetFolder: Sendable {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
      .appending(path: "glip-data-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  func file(_ path: String) -> URL { url.appending(path: path) }

  @discardableResult
  func write(_ bytes: Data, to path: String) throws -> URL {
    let file = file(path)
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try bytes.write(to: file)
    return file
  }

  @discardableResult
  func write(_ text: String, to path: String) throws -> URL { try write(Data(text.utf8), to: path) }

  /// A picture whose pixels tell where they are.
  static func picture(width: Int = 64, height: Int = 48) -> Picture {
    var pixels: [UInt8] = []
    for y in 0..<height {
      for x in 0..<width { pixels += [UInt8(x % 256), UInt8(y % 256), 128] }
    }
    return Picture(width: width, height: height, pixels: pixels)
  }

  func picture(_ path: String, width: Int = 64, height: Int = 48) throws {
    try write(Self.picture(width: width, height: height).encoded(as: .png), to: path)
  }

  func open(
    _ path: String, format: DatasetDescription.Format? = nil, labelMap: String? = nil,
    classes: [ObjectClass]? = nil,
    onError: FaultPolicy = .fail
  ) throws -> any CheckedDataset {
    try DatasetDescription(
      annotations: path, format: format, labelMap: labelMap, classes: classes, onError: onError
    ).open(relativeTo: url)
  }

  /// What an error says, without the folder.
  func sentence(_ error: any Error) -> String {
    "\(error)".replacingOccurrences(of: url.path + "/", with: "")
  }

  /// COCO's form with members of one image and annotation in place of the usual ones.
  func coco(image: String = "", annotation: String = "", category: String = "") throws {
    try picture("a.png")
    try write(
      """
      {"images": [{"id": 1, "file_name": "a.png", "width": 64, "height": 48\(image)}],
       "annotations": [{"id": 7, "image_id": 1, "category_id": 3, "bbox": [10.5, 20, 30, 10]\(annotation)}],
       "categories": [{"id": 3, "name": "red car"\(category)}]}
      """, to: "coco.json")
  }
}

extension GroundingDataset {
  func allRecords() throws -> [Record] { try (0..<count).map { try record(at: $0) } }
}
