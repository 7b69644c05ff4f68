// Names of members as they are in the file.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

import Foundation
import Testing

/// A detection as it stands in a JSON file.
struct Found: Decodable, Equatable {
  static let keys: Set = ["file", "image_id", "category_id", "label", "span", "bbox", "score"]

  let file: String
  let image_id: Int
  let category_id: Int
  let label: String
  let span: [Int]
  let bbox: [Double]
  let score: Double

  static func list(_ text: String) throws -> [Found] { try list(Data(text.utf8)) }

  /// Each element must have the documented members and no other.
  static func list(_ data: Data) throws -> [Found] {
    let objects = try #require(try JSONSerialization.jsonObject(with: data) as? [[String: Any]])
    for object in objects { #expect(Set(object.keys) == keys) }
    return try JSONDecoder().decode([Found].self, from: data)
  }
}
