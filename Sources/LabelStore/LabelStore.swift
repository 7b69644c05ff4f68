import Foundation
import GRDB

/// Projects of pictures and the boxes on them, in a folder of its own: a SQLite database, and the pictures' files by
/// their hashes.
///
/// A change that a call has returned from is on the disk; one that a call did not return from is there as a whole or
/// not at all. One process at a time has the folder.
package final class LabelStore: Sendable {
  package let limits: LabelLimits
  let database: DatabasePool
  let files: PictureFiles
  /// Holds exports while they are written.
  let exports: URL
  private let lock: FolderLock

  /// Opens the folder, or makes it.
  ///
  /// - Throws: `LabelStoreError` where it cannot be used, another process has it, or a later version has written it.
  package init(folder: URL, limits: LabelLimits = LabelLimits()) throws {
    self.limits = limits
    exports = folder.appending(path: "exports")
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      lock = try FolderLock(folder)
      files = try PictureFiles(folder.appending(path: "pictures"))
      database = try DatabasePool(path: folder.appending(path: "labels.sqlite").path)
      // The library's choice for this journal loses the last changes if the machine fails.
      try database.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
      guard try !database.read(Schema.migrator.hasBeenSuperseded) else {
        throw LabelStoreError.newer(folder: folder.relativePath)
      }
      try Schema.migrator.migrate(database)
      let known = try database.read { try Set(String.fetchAll($0, sql: "SELECT hash FROM file")) }
      try files.removeAll(except: known)
      try? FileManager.default.removeItem(at: exports)
      try FileManager.default.createDirectory(at: exports, withIntermediateDirectories: false)
    } catch let error as LabelStoreError {
      throw error
    } catch {
      throw LabelStoreError.unusable(folder: folder.relativePath, reason: Self.reason(error))
    }
  }

  private static func reason(_ error: any Error) -> String {
    guard let error = error as? DatabaseError else { return error.localizedDescription }
    return error.message ?? error.resultCode.description
  }
}

/// How much a store holds.
package struct LabelLimits: Sendable, Hashable {
  /// Most bytes of all pictures' files.
  package var bytes = 4 << 30
  package var projects = 1_000
  /// Most pictures of all projects.
  package var pictures = 100_000
  /// Most labels of a project.
  package var labels = 200
  /// Most boxes of a picture.
  package var boxes = 1_000
  /// Most characters of a name of anything.
  package var nameCharacters = 100
  /// Most characters of a caption.
  package var captionCharacters = 4_000

  package init() {}
}

/// Why a store does not do what it is asked for.
package enum LabelStoreError: Error, Equatable, CustomStringConvertible, LocalizedError {
  case unusable(folder: String, reason: String)
  case inUse(folder: String)
  case newer(folder: String)
  case noProject
  case noPicture
  case nameTaken(String)
  /// Somebody else has changed a picture's boxes meanwhile.
  case outOfDate
  /// One sentence.
  case full(String)
  /// One sentence.
  case invalid(String)

  package var description: String {
    switch self {
    case .unusable(let folder, let reason): "Labels cannot be kept in \(folder): \(reason)."
    case .inUse(let folder): "Another process keeps its labels in \(folder)."
    case .newer(let folder): "The labels in \(folder) were written by a later version of this program."
    case .noProject: "There is no such project."
    case .noPicture: "The project has no such picture."
    case .nameTaken(let name): "There is another project called '\(name)'."
    case .outOfDate: "The picture's boxes were changed elsewhere meanwhile; fetch them again."
    case .full(let sentence), .invalid(let sentence): sentence
    }
  }

  package var errorDescription: String? { description }
}
