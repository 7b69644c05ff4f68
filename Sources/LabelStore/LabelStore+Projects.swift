import Foundation
import GRDB

extension LabelStore {
  /// All projects, by their names.
  package func projects() async throws -> [LabelProject] {
    try await database.read { db in
      try Int.fetchAll(db, sql: "SELECT id FROM project ORDER BY name, id").map {
        try Self.project($0, db)
      }
    }
  }

  /// - Throws: `LabelStoreError.noProject`
  package func project(_ id: Int) async throws -> LabelProject {
    try await database.read { try Self.project(id, $0) }
  }

  /// - Throws: `LabelStoreError` for settings out of their range, or a name that another project has.
  package func addProject(_ settings: ProjectSettings) async throws -> LabelProject {
    let settings = try settings.checked(limits)
    guard let name = settings.name else { throw LabelStoreError.invalid("A project needs a name.") }
    return try await database.write { [limits] db in
      guard try Int.fetchOne(db, sql: "SELECT count(*) FROM project") ?? 0 < limits.projects else {
        throw LabelStoreError.full("There are \(limits.projects) projects already.")
      }
      try Self.checkName(name, of: nil, db)
      try db.execute(
        sql: "INSERT INTO project (name, threshold, created) VALUES (?, 0.5, ?)",
        arguments: [name, Date.now.formatted(.iso8601)])
      let id = Int(db.lastInsertedRowID)
      try Self.apply(settings, to: id, limits, db)
      return try Self.project(id, db)
    }
  }

  /// - Throws: `LabelStoreError`
  package func changeProject(_ id: Int, _ settings: ProjectSettings) async throws -> LabelProject {
    let settings = try settings.checked(limits)
    return try await database.write { [limits] db in
      _ = try Self.project(id, db)
      try Self.apply(settings, to: id, limits, db)
      return try Self.project(id, db)
    }
  }

  /// Deletes a project with its pictures.
  ///
  /// - Returns: the project as it was.
  /// - Throws: `LabelStoreError.noProject`
  package func deleteProject(_ id: Int) async throws -> LabelProject {
    try await removing { db in
      let project = try Self.project(id, db)
      try db.execute(sql: "DELETE FROM project WHERE id = ?", arguments: [id])
      return project
    }
  }

  /// Makes a change after which files may be of no picture any more, and removes these.
  func removing<Value: Sendable>(
    _ change: @escaping @Sendable (Database) throws -> Value
  ) async throws -> Value {
    // Files go when it is certain that no row names them, and before another change can name them again.
    try await database.writeWithoutTransaction { [files] db in
      var unused: [String] = []
      var value: Value?
      try db.inTransaction {
        value = try change(db)
        unused = try String.fetchAll(
          db, sql: "DELETE FROM file WHERE hash NOT IN (SELECT file FROM picture) RETURNING hash")
        return .commit
      }
      for hash in unused { files.remove(hash) }
      guard let value else { throw CancellationError() }
      return value
    }
  }

  // MARK: In a transaction

  static func project(_ id: Int, _ db: Database) throws -> LabelProject {
    guard let row = try Row.fetchOne(db, sql: "SELECT * FROM project WHERE id = ?", arguments: [id]) else {
      throw LabelStoreError.noProject
    }
    let counts = try Row.fetchOne(
      db,
      sql: """
        SELECT ifnull(sum(reviewed), 0) AS reviewed, ifnull(sum(NOT reviewed AND detected), 0) AS detected,
          ifnull(sum(NOT reviewed AND NOT detected), 0) AS new
        FROM picture WHERE project = ?
        """, arguments: [id])
    return LabelProject(
      id: id, name: row["name"],
      labels: try String.fetchAll(
        db, sql: "SELECT name FROM label WHERE project = ? ORDER BY position", arguments: [id]),
      caption: row["caption"], threshold: row["threshold"], created: row["created"],
      pictures: .init(
        new: counts?["new"] ?? 0, detected: counts?["detected"] ?? 0, reviewed: counts?["reviewed"] ?? 0))
  }

  private static func checkName(_ name: String, of id: Int?, _ db: Database) throws {
    let other = try Int.fetchOne(db, sql: "SELECT id FROM project WHERE name = ?", arguments: [name])
    guard other == nil || other == id else { throw LabelStoreError.nameTaken(name) }
  }

  private static func apply(
    _ settings: ProjectSettings, to id: Int, _ limits: LabelLimits, _ db: Database
  ) throws {
    if let name = settings.name {
      try checkName(name, of: id, db)
      try db.execute(sql: "UPDATE project SET name = ? WHERE id = ?", arguments: [name, id])
    }
    if let caption = settings.caption {
      try db.execute(
        sql: "UPDATE project SET caption = nullif(?, '') WHERE id = ?", arguments: [caption, id])
    }
    if let threshold = settings.threshold {
      try db.execute(sql: "UPDATE project SET threshold = ? WHERE id = ?", arguments: [threshold, id])
    }
    if let labels = settings.labels { try setLabels(labels, of: id, limits, db) }
  }

  private static func setLabels(
    _ labels: [String], of id: Int, _ limits: LabelLimits, _ db: Database
  ) throws {
    try db.execute(
      sql: "DELETE FROM label WHERE project = ? AND id NOT IN (SELECT label FROM box)", arguments: [id])
    let used = try String.fetchAll(
      db, sql: "SELECT name FROM label WHERE project = ? ORDER BY position", arguments: [id])
    let all = labels + used.filter { !labels.contains($0) }
    guard all.count <= limits.labels else {
      throw LabelStoreError.invalid(
        "A project has at most \(limits.labels) labels, those that boxes have among them.")
    }
    for (position, name) in all.enumerated() {
      try db.execute(
        sql: """
          INSERT INTO label (project, position, name) VALUES (?, ?, ?)
          ON CONFLICT (project, name) DO UPDATE SET position = excluded.position
          """, arguments: [id, position, name])
    }
  }
}
