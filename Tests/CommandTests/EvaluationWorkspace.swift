import Foundation
import Pictures

/// A folder with generated data sets to measure on, and what the program leaves there.
final class EvaluationWorkspace: Sendable {
  let workspace: Workspace
  private static let size = (width: 96, height: 64)

  /// - Parameter pictures: with ids that fall, so that their order in the file is not that of the ids
  init(pictures: Int = 6) throws {
    workspace = try Workspace()
    for index in 0..<pictures {
      let file = workspace.url("images/\(index).png")
      try workspace.write(Data(), to: "images/\(index).png")
      try Self.picture(index).write(to: file)
    }
    try json(Self.detectionData(pictures: pictures), to: "val.json")
  }

  func json(_ value: Any, to path: String) throws {
    try workspace.write(JSONSerialization.data(withJSONObject: value), to: path)
  }

  func object(_ path: String) throws -> [String: Any] {
    try JSONSerialization.jsonObject(with: workspace.data(path)) as? [String: Any] ?? [:]
  }

  func list(_ path: String) throws -> [[String: Any]] {
    try JSONSerialization.jsonObject(with: workspace.data(path)) as? [[String: Any]] ?? []
  }

  /// A figure of a results folder; nil for null and for what is not there.
  func figure(_ name: String, in folder: String) throws -> Double? {
    (try object("\(folder)/results.json")["figures"] as? [String: Any])?[name] as? Double
  }

  /// All figures, of classes too, as text that can be compared.
  func figures(in folder: String) throws -> String {
    let results = try object("\(folder)/results.json")
    let kept = ["figures", "classes", "pictures", "settings"].map { results[$0] ?? "none" }
    return String(
      decoding: try JSONSerialization.data(withJSONObject: kept, options: [.sortedKeys]), as: UTF8.self)
  }

  func evaluate(_ arguments: String...) async throws -> Outcome {
    try await workspace.start(["evaluate"] + arguments).outcome()
  }

  /// Arguments for a run of the small network.
  ///
  /// - Parameter side: at which it sees pictures: 64, or more for a run that takes longer
  static func network(side: Int = 64) throws -> [String] {
    [
      "--model", try TinyModel.file().path, "--min-size", "\(side)", "--max-size", "\(3 * side / 2)",
      "--threads", "1",
    ]
  }

  func run(_ arguments: String..., side: Int = 64) throws -> RunningCommand {
    try workspace.start(["evaluate"] + Self.network(side: side) + arguments)
  }

  // MARK: Data

  /// Two classes, two objects on each picture.
  static func detectionData(pictures: Int) -> [String: Any] {
    var annotations: [[String: Any]] = []
    for index in 0..<pictures {
      for number in 0..<2 {
        let box = [2 + 3 * (index % 8), 4 + 20 * number, 30 + index % 5, 24]
        annotations.append([
          "id": annotations.count + 1, "image_id": id(index), "category_id": [7, 3][(index + number) % 2],
          "bbox": box, "area": box[2] * box[3], "iscrowd": 0,
        ])
      }
    }
    return [
      "images": (0..<pictures).map { image($0) }, "annotations": annotations,
      "categories": [["id": 7, "name": "cup"], ["id": 3, "name": "cat"]],
    ]
  }

  static func id(_ index: Int) -> Int { 1000 - index }

  static func image(_ index: Int) -> [String: Any] {
    ["id": id(index), "file_name": "\(index).png", "width": size.width, "height": size.height]
  }

  /// Every object, exactly.
  static func perfectDetections(of data: [String: Any]) -> [[String: Any]] {
    (data["annotations"] as? [[String: Any]] ?? []).enumerated().map { index, annotation in
      [
        "image_id": annotation["image_id"] ?? 0, "category_id": annotation["category_id"] ?? 0,
        "bbox": annotation["bbox"] ?? [], "score": 1 - Double(index) / 1000,
      ]
    }
  }

  private static func picture(_ index: Int) -> Picture {
    var pixels: [UInt8] = []
    for y in 0..<size.height {
      for x in 0..<size.width {
        let isInside = (x / 8 + y / 8 + index) % (3 + index % 4) == 0
        pixels += [UInt8((2 * x + 31 * index) % 256), UInt8(3 * y), isInside ? 220 : UInt8(x ^ y)]
      }
    }
    return Picture(width: size.width, height: size.height, pixels: pixels)
  }
}
