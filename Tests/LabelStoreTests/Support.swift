import Foundation
import LabelStore
import Pictures

/// A folder that is there while `body` runs.
func withFolder<Value>(_ body: (URL) async throws -> Value) async throws -> Value {
  let folder = FileManager.default.temporaryDirectory.appending(path: "labels-\(UUID().uuidString)")
  defer { try? FileManager.default.removeItem(at: folder) }
  return try await body(folder)
}

/// A store that is there while `body` runs.
func withStore(
  _ change: (inout LabelLimits) -> Void = { _ in }, _ body: (LabelStore) async throws -> Void
) async throws {
  var limits = LabelLimits()
  change(&limits)
  try await withFolder { try await body(LabelStore(folder: $0, limits: limits)) }
}

extension NewPicture {
  /// A picture of 40 by 30 pixels; no two seeds make the same.
  static func made(_ seed: Int, name: String = "picture.png") throws -> NewPicture {
    try NewPicture(data(seed), name: name, limits: .default)
  }

  static func data(_ seed: Int, width: Int = 40, height: Int = 30) throws -> Data {
    let pixels = (0..<width * height * 3).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ seed &* 31) }
    return try Picture(width: width, height: height, pixels: pixels).encoded(as: .png)
  }
}

extension LabelStore {
  func addProject(_ name: String, labels: [String] = []) async throws -> Int {
    try await addProject(ProjectSettings(name: name, labels: labels)).id
  }

  /// Puts boxes in the place of those there are, whatever their revision.
  @discardableResult
  func set(
    _ boxes: [LabelledBox], isReviewed: Bool = false, of picture: Int, of project: Int
  ) async throws -> PictureBoxes {
    let revision = try await self.boxes(of: picture, of: project).revision
    return try await setBoxes(
      boxes, isReviewed: isReviewed, of: picture, of: project, revision: revision)
  }
}

extension LabelledBox {
  static func at(_ x: Double, _ y: Double, _ label: String = "cat", score: Double? = nil) -> LabelledBox {
    LabelledBox(label: label, x: x, y: y, width: 10, height: 8, score: score)
  }
}
