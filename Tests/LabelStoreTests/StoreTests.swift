import Foundation
import GRDB
import LabelStore
import Testing

/// What stays, and what does not.
struct StoreTests {
  @Test("what was written is there when the folder is opened again")
  func restart() async throws {
    try await withFolder { folder in
      let before = try await Result {
        let store = try LabelStore(folder: folder)
        let project = try await store.addProject("Cats", labels: ["cat", "cup"])
        let picture = try await store.addPicture(.made(1), to: project)
        let boxes = try await store.setBoxes(
          [.at(1, 2), .at(3.25, 4, "cup", score: 0.5)], isReviewed: true, of: picture.id, of: project,
          revision: 1)
        return (try await store.projects(), boxes, try await store.file(of: picture.id, of: project))
      }.get()
      let store = try LabelStore(folder: folder)
      let project = try #require(try await store.projects().first)
      #expect(try await store.projects() == before.0)
      let picture = try #require(try await store.pictures(of: project.id, after: 0, limit: 9).first)
      #expect(picture.state == .reviewed && picture.boxes == 2 && picture.width == 40)
      #expect(try await store.boxes(of: picture.id, of: project.id) == before.1)
      #expect(try Data(contentsOf: before.2.url) == NewPicture.data(1))
    }
  }

  @Test("one store at a time has a folder")
  func lock() async throws {
    try await withFolder { folder in
      let store = try LabelStore(folder: folder)
      #expect(throws: LabelStoreError.inUse(folder: folder.relativePath)) { try LabelStore(folder: folder) }
      withExtendedLifetime(store) {}
    }
  }

  @Test("a folder that a later version has written is left alone")
  func version() async throws {
    try await withFolder { folder in
      _ = try LabelStore(folder: folder)
      let file = folder.appending(path: "labels.sqlite")
      try await DatabaseQueue(path: file.path).write {
        try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('a later one')")
      }
      #expect(throws: LabelStoreError.newer(folder: folder.relativePath)) { try LabelStore(folder: folder) }
    }
  }

  @Test("a folder that cannot be used, or holds something else, is an error and not an empty store")
  func unusable() async throws {
    try await withFolder { folder in
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      try Data("This is no database, though its name says so.".utf8)
        .write(to: folder.appending(path: "labels.sqlite"))
      let error = #expect(throws: LabelStoreError.self) { try LabelStore(folder: folder) }
      #expect(error?.description.contains(folder.relativePath) == true)
      #expect(throws: LabelStoreError.self) {
        try LabelStore(folder: folder.appending(path: "labels.sqlite"))
      }
    }
  }

  @Test("a change that was interrupted leaves no file behind")
  func sweep() async throws {
    try await withFolder { folder in
      let kept = try await Result {
        let store = try LabelStore(folder: folder)
        let project = try await store.addProject("Cats")
        let picture = try await store.addPicture(.made(1), to: project)
        return try await store.file(of: picture.id, of: project).url
      }.get()
      let left = kept.deletingLastPathComponent().appending(path: "left")
      for file in [left, folder.appending(path: "exports/half")] { try Data([1]).write(to: file) }
      _ = try LabelStore(folder: folder)
      #expect(FileManager.default.fileExists(atPath: kept.path))
      #expect(!FileManager.default.fileExists(atPath: left.path))
      #expect(!FileManager.default.fileExists(atPath: folder.appending(path: "exports/half").path))
    }
  }

  @Test("what is deleted takes everything along that is its own, and nothing else")
  func cascade() async throws {
    try await withFolder { folder in
      let store = try LabelStore(folder: folder)
      let (cats, cups) = (try await store.addProject("Cats"), try await store.addProject("Cups"))
      let shared = try await store.addPicture(.made(1), to: cats)
      let alsoShared = try await store.addPicture(.made(1), to: cups)
      let own = try await store.addPicture(.made(2), to: cats)
      for picture in [shared, own] { try await store.set([.at(1, 1)], of: picture.id, of: cats) }
      let files = [
        try await store.file(of: shared.id, of: cats).url, try await store.file(of: own.id, of: cats).url,
      ]
      func exist() -> [Bool] { files.map { FileManager.default.fileExists(atPath: $0.path) } }

      #expect(try await store.deleteProject(cats).name == "Cats")
      #expect(exist() == [true, false])
      #expect(try await store.projects().map(\.name) == ["Cups"])
      #expect(try await store.boxes(of: alsoShared.id, of: cups).boxes.isEmpty)
      _ = try await store.deletePicture(alsoShared.id, of: cups)
      #expect(exist() == [false, false])
      await #expect(throws: LabelStoreError.noProject) {
        try await store.pictures(of: cats, after: 0, limit: 1)
      }
      await #expect(throws: LabelStoreError.noPicture) { try await store.boxes(of: shared.id, of: cups) }
      let counts = try await DatabaseQueue(path: folder.appending(path: "labels.sqlite").path).read { db in
        try ["picture", "file", "box", "label"].map {
          try Int.fetchOne(db, sql: "SELECT count(*) FROM \($0)")
        }
      }
      #expect(counts == [0, 0, 0, 0])
    }
  }

  @Test("a picture is of one project only")
  func belonging() async throws {
    try await withStore { store in
      let (cats, cups) = (try await store.addProject("Cats"), try await store.addProject("Cups"))
      let picture = try await store.addPicture(.made(1), to: cats).id
      await #expect(throws: LabelStoreError.noPicture) { try await store.file(of: picture, of: cups) }
      await #expect(throws: LabelStoreError.noPicture) { try await store.deletePicture(picture, of: cups) }
      await #expect(throws: LabelStoreError.noPicture) {
        try await store.setBoxes([], isReviewed: true, of: picture, of: cups, revision: 1)
      }
    }
  }
}

extension Result where Failure == any Error {
  /// Runs something whose values are gone afterwards.
  init(_ body: () async throws -> Success) async {
    do { self = .success(try await body()) } catch { self = .failure(error) }
  }
}
