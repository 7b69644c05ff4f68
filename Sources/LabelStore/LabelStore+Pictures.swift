import Foundation
import GRDB

extension LabelStore {
  /// The project's pictures in the order in which they came.
  ///
  /// - Parameter last: the id of the picture before the first; 0 to begin.
  /// - Throws: `LabelStoreError.noProject`
  package func pictures(of project: Int, after last: Int, limit: Int) async throws -> [LabelledPicture] {
    try await database.read { db in
      _ = try Self.project(project, db)
      return try Row.fetchAll(
        db, sql: LabelledPicture.query + " WHERE project = ? AND id > ? ORDER BY id LIMIT ?",
        arguments: [project, last, limit]
      ).map { LabelledPicture($0) }
    }
  }

  /// Adds a picture to a project; the same file a second time is the picture that is there.
  ///
  /// - Throws: `LabelStoreError` where there is no project or no more room; an error of writing.
  package func addPicture(_ picture: NewPicture, to project: Int) async throws -> LabelledPicture {
    let hash = PictureFiles.hash(of: picture.data)
    return try await database.write { [self] db in
      _ = try Self.project(project, db)
      if let row = try Row.fetchOne(
        db, sql: LabelledPicture.query + " WHERE project = ? AND file = ?", arguments: [project, hash])
      {
        return LabelledPicture(row)
      }
      guard try Int.fetchOne(db, sql: "SELECT count(*) FROM picture") ?? 0 < limits.pictures else {
        throw LabelStoreError.full("There are \(limits.pictures) pictures already.")
      }
      try keep(picture, hash, db)
      let name = try Self.freeName(FileName(picture.name), hash, in: project, db)
      try db.execute(
        sql: "INSERT INTO picture (project, file, name, stem) VALUES (?, ?, ?, ?)",
        arguments: [project, hash, name.text, name.stem])
      return try Self.picture(Int(db.lastInsertedRowID), of: project, db)
    }
  }

  /// - Returns: the picture as it was.
  /// - Throws: `LabelStoreError.noPicture`
  package func deletePicture(_ id: Int, of project: Int) async throws -> LabelledPicture {
    try await removing { db in
      let picture = try Self.picture(id, of: project, db)
      try db.execute(sql: "DELETE FROM picture WHERE id = ?", arguments: [id])
      return picture
    }
  }

  /// - Throws: `LabelStoreError.noPicture`
  package func file(of id: Int, of project: Int) async throws -> StoredFile {
    try await database.read { [files] db in
      let row = try Self.row(id, of: project, db)
      let hash: String = row["file"]
      return StoredFile(url: files.url(of: hash), type: row["type"], hash: hash)
    }
  }

  /// A JPEG file of at most 192 pixels a side.
  ///
  /// - Throws: `LabelStoreError.noPicture`
  package func thumbnail(of id: Int, of project: Int) async throws -> (data: Data, hash: String) {
    try await database.read { db in
      let hash: String = try Self.row(id, of: project, db)["file"]
      let data = try Data.fetchOne(
        db, sql: "SELECT thumbnail FROM file WHERE hash = ?", arguments: [hash])
      return (data ?? Data(), hash)
    }
  }

  // MARK: In a transaction

  static func picture(_ id: Int, of project: Int, _ db: Database) throws -> LabelledPicture {
    LabelledPicture(try row(id, of: project, db))
  }

  private static func row(_ id: Int, of project: Int, _ db: Database) throws -> Row {
    let sql = LabelledPicture.query + " WHERE id = ? AND project = ?"
    guard let row = try Row.fetchOne(db, sql: sql, arguments: [id, project]) else {
      _ = try self.project(project, db)
      throw LabelStoreError.noPicture
    }
    return row
  }

  private func keep(_ picture: NewPicture, _ hash: String, _ db: Database) throws {
    let isKept = try Bool.fetchOne(
      db, sql: "SELECT EXISTS (SELECT 1 FROM file WHERE hash = ?)", arguments: [hash])
    guard isKept != true else { return }
    let bytes = try Int.fetchOne(db, sql: "SELECT ifnull(sum(bytes), 0) FROM file") ?? 0
    guard bytes + picture.data.count <= limits.bytes else {
      throw LabelStoreError.full("The pictures would take more than the \(limits.bytes) bytes they may take.")
    }
    // The file first: a row never names one that is not there.
    try files.write(picture.data, hash: hash)
    try db.execute(
      sql: "INSERT INTO file (hash, bytes, type, width, height, thumbnail) VALUES (?, ?, ?, ?, ?, ?)",
      arguments: [
        hash, picture.data.count, picture.type, picture.width, picture.height, picture.thumbnail,
      ])
  }

  /// The client's name, unless the project has another picture of that name.
  private static func freeName(
    _ name: FileName, _ hash: String, in project: Int, _ db: Database
  ) throws -> FileName {
    for name in [name, name.marked(hash.prefix(8)), FileName(hash)] {
      let isTaken = try Bool.fetchOne(
        db, sql: "SELECT EXISTS (SELECT 1 FROM picture WHERE project = ? AND stem = ?)",
        arguments: [project, name.stem])
      if isTaken != true { return name }
    }
    throw LabelStoreError.invalid("The project has other pictures of this name.")
  }
}
