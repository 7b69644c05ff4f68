import CArchive
import Foundation
import GroundingData
import LabelStore
import Testing

/// Labels as other programs get them.
struct ExportTests {
  /// A project with a picture of each kind.
  private func project(in store: LabelStore) async throws -> Int {
    let project = try await store.addProject("Cats", labels: ["cat", "cup"])
    func add(_ seed: Int, _ name: String) async throws -> Int {
      try await store.addPicture(.made(seed, name: name), to: project).id
    }
    let (drawn, found) = (try await add(1, "drawn.png"), try await add(2, "füße.PNG"))
    let (empty, untouched) = (try await add(3, "empty.png"), try await add(4, "untouched.png"))
    _ = untouched
    try await store.set([.at(1.5, 2.25, "cup"), .at(20, 20)], of: drawn, of: project)
    try await store.setDetections(
      [.at(3.125, 4, score: 0.75), .at(5, 5, score: 0.5), .at(6, 6, score: 0.25)], of: found, of: project)
    try await store.set([], isReviewed: true, of: empty, of: project)
    return project
  }

  @Test("the project's own reader of COCO finds the same boxes")
  func coco() async throws {
    try await withStore { store in
      let project = try await project(in: store)
      try await withFolder { folder in
        let dataset = try read(store.export(project, as: .coco, isReviewed: false), in: folder)
        #expect(dataset.classes == [ObjectClass(id: 1, name: "cat"), ObjectClass(id: 2, name: "cup")])
        let records = try (0..<dataset.count).map { try dataset.record(at: $0) }
        #expect(
          records.map { URL(fileURLWithPath: $0.picture.name).lastPathComponent } == [
            "drawn.png", "füße.PNG", "empty.png",
          ])
        #expect(records.allSatisfy { $0.size == .init(width: 40, height: 30) })
        let expected: [[LabelledBox]] = [
          // Below the threshold nothing counts that nobody has confirmed.
          [.at(1.5, 2.25, "cup"), .at(20, 20)], [.at(3.125, 4, score: 0.75)], [],
        ]
        let found = records.map { record in
          record.objects.map { object in
            LabelledBox(
              label: dataset.classes[object.classIndex ?? 0].name, x: object.box.x0, y: object.box.y0,
              width: object.box.width, height: object.box.height, score: object.score)
          }
        }
        #expect(found == expected)
      }
    }
  }

  private func read(_ file: FileHandle, in folder: URL) throws -> COCODataset {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let url = folder.appending(path: "labels.json")
    let data = try file.readToEnd()
    try #require(data).write(to: url)
    return try COCODataset(url, pictures: PictureFolders(folder), faults: FaultLog(.fail))
  }

  @Test("YOLO's texts name the same boxes, as shares of the picture")
  func yolo() async throws {
    try await withStore { store in
      let project = try await project(in: store)
      let members = try members(of: store.export(project, as: .yolo, isReviewed: false))
      #expect(
        members.keys.sorted() == ["data.yaml", "labels/drawn.txt", "labels/empty.txt", "labels/füße.txt"])
      #expect(members["labels/empty.txt"] == "")
      #expect(members["data.yaml"]?.contains("0: \"cat\"\n  1: \"cup\"\n") == true)
      let lines = try #require(members["labels/drawn.txt"]).split(separator: "\n").map {
        $0.split(separator: " ").compactMap { Double($0) }
      }
      let expected: [[Double]] = [[1, 0.1625, 6.25 / 30, 0.25, 8 / 30], [0, 0.625, 0.8, 0.25, 8 / 30]]
      #expect(lines.count == 2)
      for (line, numbers) in zip(lines, expected) {
        #expect(line.count == 5 && zip(line, numbers).allSatisfy { abs($0 - $1) < 1e-12 }, "\(line)")
      }
    }
  }

  @Test("only what was reviewed is exported where that is asked for")
  func reviewed() async throws {
    try await withStore { store in
      let project = try await project(in: store)
      let members = try members(of: store.export(project, as: .yolo, isReviewed: true))
      #expect(members.keys.sorted() == ["data.yaml", "labels/empty.txt"])
      #expect(throws: LabelStoreError.noProject) {
        try store.export(project + 1, as: .coco, isReviewed: false)
      }
    }
  }

  @Test("names that clients give never leave the archive's folder")
  func hostileNames() async throws {
    try await withStore { store in
      let project = try await store.addProject("Cats")
      for (seed, name) in ["../../up.png", "/root.png", "C:\\down.png", ".png", "..png"].enumerated() {
        let picture = try await store.addPicture(.made(seed, name: name), to: project).id
        try await store.set([.at(1, 1)], of: picture, of: project)
      }
      let names = try members(of: store.export(project, as: .yolo, isReviewed: false)).keys
      #expect(names.count == 6)
      for name in names where name != "data.yaml" {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        #expect(parts.count == 2 && parts[0] == "labels" && !parts[1].hasPrefix("."), "\(name)")
      }
    }
  }

  /// Names and texts of an archive.
  private func members(of file: FileHandle) throws -> [String: String] {
    let data = try file.readToEnd() ?? Data()
    // The library hands names out in the process's own encoding only.
    setlocale(LC_CTYPE, "C.UTF-8")
    let archive = try #require(archive_read_new())
    defer { archive_read_free(archive) }
    archive_read_support_format_zip(archive)
    return try data.withUnsafeBytes { bytes in
      try #require(archive_read_open_memory(archive, bytes.baseAddress, bytes.count) == ARCHIVE_OK)
      var members: [String: String] = [:]
      var entry: OpaquePointer?
      while archive_read_next_header(archive, &entry) == ARCHIVE_OK {
        let name = String(cString: try #require(archive_entry_pathname_utf8(entry)))
        var text = [UInt8](repeating: 0, count: 10_000)
        let count = archive_read_data(archive, &text, text.count)
        try #require(count >= 0)
        members[name] = String(decoding: text[..<count], as: UTF8.self)
      }
      return members
    }
  }
}
