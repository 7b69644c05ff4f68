import Foundation
import LabelStore
import Testing

/// How much a store takes, and under what names.
struct BoundsTests {
  @Test("a store takes so much and no more, and what is refused leaves nothing")
  func bounds() async throws {
    let bytes = try NewPicture.data(1).count
    try await withStore {
      $0.projects = 2
      $0.pictures = 3
      $0.bytes = 2 * bytes + bytes / 2
      $0.labels = 2
      $0.boxes = 3
    } _: { store in
      let cats = try await store.addProject("Cats", labels: ["a", "b"])
      let cups = try await store.addProject("Cups")
      await expectFull { try await store.addProject("Dogs") }
      let first = try await store.addPicture(.made(1), to: cats)
      _ = try await store.addPicture(.made(2), to: cats)
      await expectFull { try await store.addPicture(.made(3), to: cups) }
      // A file that is there takes no more room, but is a picture.
      _ = try await store.addPicture(.made(1), to: cups)
      await expectFull { try await store.addPicture(.made(2), to: cups) }
      #expect(try await store.addPicture(.made(1), to: cats).id == first.id)
      _ = try await store.deletePicture(first.id, of: cats)
      #expect(try await store.pictures(of: cups, after: 0, limit: 9).count == 1)

      let picture = try #require(try await store.pictures(of: cats, after: 0, limit: 1).first).id
      let boxes = (0..<4).map { LabelledBox.at(Double($0), 0, "a") }
      await #expect(throws: LabelStoreError.self) { try await store.set(boxes, of: picture, of: cats) }
      await #expect(throws: LabelStoreError.self) {
        try await store.set([.at(0, 0, "c")], of: picture, of: cats)
      }
      await #expect(throws: LabelStoreError.self) {
        try await store.changeProject(cats, ProjectSettings(labels: ["a", "b", "c"]))
      }
      // The network's surplus is cut off.
      try await store.setDetections(boxes.map { $0.sure(0.5) }, of: picture, of: cats)
      #expect(try await store.boxes(of: picture, of: cats).boxes.count == 3)
    }
  }

  private func expectFull(
    _ body: () async throws -> some Sendable, location: SourceLocation = #_sourceLocation
  ) async {
    let error = await #expect(throws: LabelStoreError.self, sourceLocation: location) { _ = try await body() }
    if case .full = error {} else { Issue.record("\(String(describing: error))", sourceLocation: location) }
  }

  @Test(
    "names that could be paths, patterns or controls become harmless ones",
    arguments: [
      ("photo.jpg", "photo.jpg"), ("../../etc/passwd", "passwd"), ("..\\..\\boot.ini", "boot.ini"),
      ("/", "picture"), ("", "picture"), ("..", "picture"), (".hidden.png", "hidden.png"),
      ("a:b*c?.png", "a_b_c_.png"), ("line\nbreak\u{0}.png", "line_break_.png"),
      ("\u{202E}gpj.exe", "_gpj.exe"), ("Käse 猫.jpeg", "Käse 猫.jpeg"), (" a . ", "a"),
      (String(repeating: "猫", count: 300) + ".jpg", String(repeating: "猫", count: 52) + ".jpg"),
    ])
  func names(given: String, kept: String) async throws {
    try await withStore { store in
      let project = try await store.addProject("Cats")
      #expect(try await store.addPicture(.made(1, name: given), to: project).name == kept)
    }
  }

  @Test("no two pictures of a project have the same name, not even with other extensions or letters")
  func sameNames() async throws {
    try await withStore { store in
      let project = try await store.addProject("Cats")
      var names: Set<String> = []
      for (seed, name) in ["a.png", "A.jpg", "a", "a.png", "b.png"].enumerated() {
        let kept = try await store.addPicture(.made(seed, name: name), to: project).name
        names.insert(String(kept.split(separator: ".")[0]).lowercased())
      }
      #expect(names.count == 5)
      #expect(try await store.pictures(of: project, after: 0, limit: 9).map(\.name).first == "a.png")
    }
  }

  @Test("a list comes in parts that miss nothing")
  func paging() async throws {
    try await withStore { store in
      let project = try await store.addProject("Cats")
      var ids: [Int] = []
      for seed in 0..<7 { ids.append(try await store.addPicture(.made(seed), to: project).id) }
      var seen: [Int] = []
      while true {
        let part = try await store.pictures(of: project, after: seen.last ?? 0, limit: 3)
        seen += part.map(\.id)
        if part.count < 3 { break }
      }
      #expect(seen == ids)
    }
  }

  @Test(
    "settings out of their range are refused",
    arguments: [
      ProjectSettings(), ProjectSettings(name: ""), ProjectSettings(name: "Cups"),
      ProjectSettings(name: "cUPS "), ProjectSettings(name: "a\nb"),
      ProjectSettings(name: String(repeating: "a", count: 101)),
      ProjectSettings(name: "Cats", labels: ["a", " a"]), ProjectSettings(name: "Cats", labels: [""]),
      ProjectSettings(name: "Cats", labels: (0..<201).map { "\($0)" }),
      ProjectSettings(name: "Cats", caption: String(repeating: "a", count: 4_001)),
      ProjectSettings(name: "Cats", threshold: -0.1), ProjectSettings(name: "Cats", threshold: .nan),
    ])
  func settings(settings: ProjectSettings) async throws {
    try await withStore { store in
      _ = try await store.addProject("Cups")
      await #expect(throws: LabelStoreError.self) { try await store.addProject(settings) }
      #expect(try await store.projects().count == 1)
    }
  }

  @Test("settings that are not given stay as they were, and an empty caption goes")
  func change() async throws {
    try await withStore { store in
      let project = try await store.addProject(
        ProjectSettings(name: "Cats", labels: ["cat"], caption: "[a cat]", threshold: 0.25))
      let renamed = try await store.changeProject(project.id, ProjectSettings(name: "CATS"))
      #expect(renamed.name == "CATS" && renamed.labels == ["cat"] && renamed.caption == "[a cat]")
      #expect(renamed.threshold == 0.25)
      #expect(try await store.changeProject(project.id, ProjectSettings(caption: " ")).caption == nil)
      await #expect(throws: LabelStoreError.noProject) {
        try await store.changeProject(99, ProjectSettings(name: "Dogs"))
      }
    }
  }

  @Test("what is no picture, or one that browsers do not show, is refused")
  func formats() throws {
    #expect(throws: (any Error).self) { try NewPicture(Data("GIF89a".utf8), name: "a", limits: .default) }
    #expect(throws: (any Error).self) { try NewPicture(Data(), name: "a", limits: .default) }
  }
}

extension LabelledBox {
  fileprivate func sure(_ score: Double) -> LabelledBox {
    LabelledBox(label: label, x: x, y: y, width: width, height: height, score: score)
  }
}
