import Foundation
import GRDB

extension LabelStore {
  /// - Throws: `LabelStoreError.noPicture`
  package func boxes(of picture: Int, of project: Int) async throws -> PictureBoxes {
    try await database.read { try Self.boxes(of: picture, of: project, $0) }
  }

  /// Puts boxes in the place of all that the picture has. Labels that are new are added to the project's.
  ///
  /// - Parameters:
  ///   - revision: of the boxes that these are a change of
  ///   - isReviewed: whether somebody has confirmed all of them
  /// - Throws: `LabelStoreError.outOfDate` if that is not the last revision; for a box or label out of its range.
  package func setBoxes(
    _ boxes: [LabelledBox], isReviewed: Bool, of picture: Int, of project: Int, revision: Int
  ) async throws -> PictureBoxes {
    guard boxes.count <= limits.boxes else {
      throw LabelStoreError.invalid("A picture has at most \(limits.boxes) boxes.")
    }
    return try await database.write { [limits] db in
      let known = try Self.picture(picture, of: project, db)
      guard known.revision == revision else { throw LabelStoreError.outOfDate }
      for (index, box) in boxes.enumerated() where !box.fits(width: known.width, height: known.height) {
        throw LabelStoreError.invalid("Box \(index + 1) is not within the picture, or has no size.")
      }
      try db.execute(sql: "DELETE FROM box WHERE picture = ?", arguments: [picture])
      try Self.insert(boxes, into: picture, of: project, limits, db)
      try db.execute(
        sql: "UPDATE picture SET reviewed = ?, revision = revision + 1 WHERE id = ?",
        arguments: [isReviewed, picture])
      return try Self.boxes(of: picture, of: project, db)
    }
  }

  // MARK: What the network finds

  /// The first picture of a project after another that neither the network nor anybody has been through.
  ///
  /// - Throws: `LabelStoreError.noProject`
  package func newPicture(of project: Int, after last: Int) async throws -> LabelledPicture? {
    try await database.read { db in
      _ = try Self.project(project, db)
      let sql = """
         WHERE project = ? AND id > ? AND NOT detected AND NOT reviewed ORDER BY id LIMIT 1
        """
      return try Row.fetchOne(db, sql: LabelledPicture.query + sql, arguments: [project, last]).map {
        LabelledPicture($0)
      }
    }
  }

  /// Adds what the network has found to what somebody may have drawn; nothing happens to a picture that has been
  /// reviewed or deleted meanwhile.
  ///
  /// - Parameter found: cut to the picture; what has no size left is left out.
  /// - Throws: `LabelStoreError` where there would be too many labels.
  package func setDetections(_ found: [LabelledBox], of picture: Int, of project: Int) async throws {
    try await database.write { [limits] db in
      guard let known = try? Self.picture(picture, of: project, db), known.state == .new else { return }
      let own = try Int.fetchOne(
        db, sql: "SELECT count(*) FROM box WHERE picture = ?", arguments: [picture])
      let boxes = found.compactMap { $0.cut(toWidth: known.width, height: known.height) }
        .prefix(max(0, limits.boxes - (own ?? 0)))
      try Self.insert(Array(boxes), into: picture, of: project, limits, db)
      try db.execute(
        sql: "UPDATE picture SET detected = 1, revision = revision + 1 WHERE id = ?", arguments: [picture])
    }
  }

  /// Makes pictures that nobody has reviewed new again: the network's boxes go, what somebody has drawn stays.
  ///
  /// - Throws: `LabelStoreError.noProject`
  package func forgetDetections(of project: Int) async throws {
    try await database.write { db in
      _ = try Self.project(project, db)
      let pictures = "SELECT id FROM picture WHERE project = ? AND detected AND NOT reviewed"
      try db.execute(
        sql: "DELETE FROM box WHERE score IS NOT NULL AND picture IN (\(pictures))", arguments: [project])
      try db.execute(
        sql: "UPDATE picture SET detected = 0, revision = revision + 1 WHERE id IN (\(pictures))",
        arguments: [project])
    }
  }

  // MARK: In a transaction

  static func boxes(of id: Int, of project: Int, _ db: Database) throws -> PictureBoxes {
    let picture = try picture(id, of: project, db)
    let rows = try Row.fetchAll(
      db,
      sql: """
        SELECT label.name, x, y, width, height, score FROM box JOIN label ON label.id = box.label
        WHERE picture = ? ORDER BY box.id
        """, arguments: [id])
    return PictureBoxes(
      state: picture.state, revision: picture.revision,
      boxes: rows.map { row in
        LabelledBox(
          label: row["name"], x: row["x"], y: row["y"], width: row["width"], height: row["height"],
          score: row["score"])
      })
  }

  private static func insert(
    _ boxes: [LabelledBox], into picture: Int, of project: Int, _ limits: LabelLimits, _ db: Database
  ) throws {
    let known = try Row.fetchAll(
      db, sql: "SELECT name, id FROM label WHERE project = ?", arguments: [project])
    var labels = Dictionary(known.map { ($0["name"] as String, $0["id"] as Int) }) { $1 }
    let statement = try db.makeStatement(
      sql: """
        INSERT INTO box (picture, label, x, y, width, height, score) VALUES (?, ?, ?, ?, ?, ?, ?)
        """)
    for box in boxes {
      let name = try ProjectSettings.name(box.label, of: "A label", limits)
      let label = try labels[name] ?? addLabel(name, to: project, count: labels.count, limits, db)
      labels[name] = label
      try statement.execute(
        arguments: [picture, label, box.x, box.y, box.width, box.height, box.score])
    }
  }

  private static func addLabel(
    _ name: String, to project: Int, count: Int, _ limits: LabelLimits, _ db: Database
  ) throws -> Int {
    guard count < limits.labels else {
      throw LabelStoreError.invalid("A project has at most \(limits.labels) labels.")
    }
    try db.execute(
      sql: """
        INSERT INTO label (project, position, name)
        SELECT ?1, ifnull(max(position) + 1, 0), ?2 FROM label WHERE project = ?1
        """, arguments: [project, name])
    return Int(db.lastInsertedRowID)
  }
}

extension LabelledBox {
  /// The part within a picture; nil if there is none.
  fileprivate func cut(toWidth pictureWidth: Int, height pictureHeight: Int) -> LabelledBox? {
    let (left, top) = (max(0, x), max(0, y))
    let (right, bottom) = (min(Double(pictureWidth), x + width), min(Double(pictureHeight), y + height))
    guard right > left, bottom > top else { return nil }
    return LabelledBox(
      label: label, x: left, y: top, width: right - left, height: bottom - top, score: score)
  }
}
