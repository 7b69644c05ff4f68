import Foundation
import Pictures

/// The files in `Fixtures`, and pictures made of nothing.
enum Fixtures {
  static let folder = Bundle.module.bundleURL.appendingPathComponent("Fixtures")
  static let size = (width: 37, height: 23)

  static func url(_ name: String) -> URL { folder.appendingPathComponent(name) }

  static func data(_ name: String) throws -> Data { try Data(contentsOf: url(name)) }

  /// All pictures, by name.
  static let pictures: [String] = {
    let endings = ["png", "jpg", "webp", "tiff", "gif", "bmp"]
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.filter { name in endings.contains { name.hasSuffix(".\($0)") } }.sorted()
  }()

  static let gray = Picture(
    width: 320, height: 200, pixels: Array(repeating: 120, count: 3 * 320 * 200))

  /// Runs with a new, empty folder.
  static func withFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder)
  }
}

/// The byte arrays of a safetensors file, as pictures.
struct RecordedPictures {
  private struct Entry: Decodable {
    let shape: [Int]
    let offsets: [Int]

    enum CodingKeys: String, CodingKey {
      case shape
      case offsets = "data_offsets"
    }
  }

  let pictures: [String: Picture]

  /// - Parameter names: which arrays to take; all if nil.
  init(_ url: URL, names: Set<String>? = nil) throws {
    let data = try Data(contentsOf: url)
    let length = data.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
    let header = try JSONDecoder().decode([String: Entry].self, from: data[8..<8 + length])
    let wanted = header.filter { names?.contains($0.key) ?? true }
    pictures = wanted.mapValues { entry in
      let range = 8 + length + entry.offsets[0]..<8 + length + entry.offsets[1]
      return Picture(width: entry.shape[1], height: entry.shape[0], pixels: Array(data[range]))
    }
  }
}
