import Foundation
import GRDB
import GroundingData
import Pictures

/// A picture of a project.
package struct LabelledPicture: Sendable, Hashable, Encodable {
  package let id: Int
  /// Fit to be a file's name; no other picture of the project has it, or the same with another extension.
  package let name: String
  /// Pixels of the upright picture.
  package let width: Int
  package let height: Int
  /// Of its file.
  package let bytes: Int
  package let state: State
  /// Grows with every change of its boxes.
  package let revision: Int
  /// How many boxes it has.
  package let boxes: Int

  package enum State: String, Sendable, Hashable, Encodable, CaseIterable {
    /// The network has not seen it.
    case new
    /// The network has, nobody else.
    case detected
    /// Somebody has confirmed its boxes.
    case reviewed
  }
}

extension LabelledPicture {
  /// - Parameter row: of a query that begins with `query`.
  init(_ row: Row) {
    self.init(
      id: row["id"], name: row["name"], width: row["width"], height: row["height"], bytes: row["bytes"],
      state: State(row), revision: row["revision"], boxes: row["boxes"])
  }

  /// Conditions may follow.
  static let query = """
    SELECT picture.*, file.width, file.height, file.bytes, file.type,
      (SELECT count(*) FROM box WHERE box.picture = picture.id) AS boxes
    FROM picture JOIN file ON file.hash = picture.file
    """
}

extension LabelledPicture.State {
  /// - Parameter row: of the table of pictures.
  init(_ row: Row) { self = row["reviewed"] ? .reviewed : row["detected"] ? .detected : .new }
}

/// A file that may become a picture of a project: a whole picture, of a format that browsers show.
package struct NewPicture: Sendable {
  let data: Data
  /// As the client calls it.
  let name: String
  let type: String
  let width: Int
  let height: Int
  let thumbnail: Data

  /// Pixels of a thumbnail's longer side.
  private static let thumbnailSide = 192

  /// Decodes the picture, which takes a while, and about 10 bytes a pixel.
  ///
  /// - Throws: `PictureError`; `LabelStoreError.invalid` for a TIFF file.
  package init(_ data: Data, name: String, limits: DecodingLimits) throws {
    let picture = try Picture(data: data, name: "The picture", limits: limits)
    let type = PictureNames.type(of: data)
    guard type != "tiff" else {
      throw LabelStoreError.invalid("A TIFF file cannot be labelled: browsers do not show it.")
    }
    (self.data, self.name) = (data, name)
    self.type = "image/" + (type == "jpg" ? "jpeg" : type)
    (width, height) = (picture.width, picture.height)
    let scale = min(1, Double(Self.thumbnailSide) / Double(max(width, height)))
    thumbnail = try picture.resized(
      width: max(1, Int(Double(width) * scale)), height: max(1, Int(Double(height) * scale))
    ).encoded(as: .jpeg(quality: 80))
  }
}

/// Where a picture's file is, and what it is.
package struct StoredFile: Sendable {
  package let url: URL
  /// Media type.
  package let type: String
  /// SHA-256 in hexadecimal digits.
  package let hash: String
}
