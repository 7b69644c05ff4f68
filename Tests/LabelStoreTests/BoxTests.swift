import Foundation
import LabelStore
import Testing

/// Boxes, and who changes them.
struct BoxTests {
  @Test("of two changes of the same boxes the second is refused, and changes nothing")
  func conflict() async throws {
    try await withStore { store in
      let project = try await store.addProject("Cats")
      let picture = try await store.addPicture(.made(1), to: project).id
      let first = try await store.setBoxes(
        [.at(1, 1)], isReviewed: false, of: picture, of: project, revision: 1)
      #expect(first.revision == 2)
      for revision in [1, 3, -1] {
        await #expect(throws: LabelStoreError.outOfDate) {
          try await store.setBoxes([], isReviewed: true, of: picture, of: project, revision: revision)
        }
      }
      #expect(try await store.boxes(of: picture, of: project) == first)
    }
  }

  @Test("of many changes at the same time exactly one is made")
  func race() async throws {
    try await withStore { store in
      let project = try await store.addProject("Cats")
      let picture = try await store.addPicture(.made(1), to: project).id
      let made = await withTaskGroup(of: Int.self) { group in
        for index in 0..<20 {
          group.addTask {
            let boxes = try? await store.setBoxes(
              [.at(Double(index), 0)], isReviewed: false, of: picture, of: project, revision: 1)
            return boxes == nil ? 0 : 1
          }
        }
        return await group.reduce(0, +)
      }
      #expect(made == 1)
      #expect(try await store.boxes(of: picture, of: project).revision == 2)
    }
  }

  @Test("any series of changes leaves what the last of each picture says, now and when opened again")
  func series() async throws {
    var generator = SystemRandomNumberGenerator()
    try await withFolder { folder in
      var store: LabelStore? = try LabelStore(folder: folder)
      let project = try await store!.addProject("Cats")
      var expected: [Int: [LabelledBox]] = [:]
      for seed in 0..<4 {
        expected[try await store!.addPicture(.made(seed), to: project).id] = []
      }
      for _ in 0..<120 {
        let picture = try #require(expected.keys.randomElement(using: &generator))
        let boxes = (0..<Int.random(in: 0...5)).map { _ in
          LabelledBox.at(
            .random(in: 0...30), .random(in: 0...22), ["cat", "cup", "Ünïcode 猫"].randomElement()!,
            score: Bool.random() ? nil : .random(in: 0...1))
        }
        try await store!.set(boxes, of: picture, of: project)
        expected[picture] = boxes
      }
      for _ in 0..<2 {
        for (picture, boxes) in expected {
          #expect(try await store!.boxes(of: picture, of: project).boxes == boxes)
        }
        store = nil
        store = try LabelStore(folder: folder)
      }
    }
  }

  @Test(
    "boxes that are not within their picture, or are no boxes, are refused",
    arguments: [
      LabelledBox(label: "cat", x: -1, y: 0, width: 5, height: 5),
      LabelledBox(label: "cat", x: 0, y: 0, width: 0, height: 5),
      LabelledBox(label: "cat", x: 0, y: 0, width: 41, height: 5),
      LabelledBox(label: "cat", x: 38, y: 0, width: 5, height: 5),
      LabelledBox(label: "cat", x: 0, y: 26, width: 5, height: 5),
      LabelledBox(label: "cat", x: .nan, y: 0, width: 5, height: 5),
      LabelledBox(label: "cat", x: 0, y: 0, width: .infinity, height: 5),
      LabelledBox(label: "cat", x: 0, y: 0, width: 5, height: 5, score: 1.5),
      LabelledBox(label: "  ", x: 0, y: 0, width: 5, height: 5),
      LabelledBox(label: "a\nb", x: 0, y: 0, width: 5, height: 5),
    ])
  func refusal(box: LabelledBox) async throws {
    try await withStore { store in
      let project = try await store.addProject("Cats")
      let picture = try await store.addPicture(.made(1), to: project).id
      let before = try await store.set([.at(1, 1)], of: picture, of: project)
      await #expect(throws: LabelStoreError.self) {
        try await store.set([.at(2, 2), box], of: picture, of: project)
      }
      #expect(try await store.boxes(of: picture, of: project) == before)
    }
  }

  @Test("a label that is new becomes one of the project's, and keeps its place")
  func labels() async throws {
    try await withStore { store in
      let project = try await store.addProject("Cats", labels: ["cat", "cup"])
      let picture = try await store.addPicture(.made(1), to: project).id
      try await store.set([.at(1, 1, "dog"), .at(2, 2, "cup")], of: picture, of: project)
      #expect(try await store.project(project).labels == ["cat", "cup", "dog"])
      // What boxes have cannot be taken from them.
      let changed = try await store.changeProject(project, ProjectSettings(labels: ["hat", "cup"]))
      #expect(changed.labels == ["hat", "cup", "dog"])
      #expect(try await store.boxes(of: picture, of: project).boxes.map(\.label) == ["dog", "cup"])
    }
  }

  @Test("what the network finds is cut to the picture and added to what somebody has drawn")
  func detections() async throws {
    try await withStore { store in
      let project = try await store.addProject("Cats", labels: ["cat"])
      let picture = try await store.addPicture(.made(1), to: project).id
      try await store.set([.at(1, 1)], of: picture, of: project)
      #expect(try await store.newPicture(of: project, after: 0)?.id == picture)
      let found = [
        LabelledBox(label: "cat", x: -4, y: 25, width: 10, height: 10, score: 0.7),
        LabelledBox(label: "cat", x: 50, y: 0, width: 10, height: 10, score: 0.6),
      ]
      try await store.setDetections(found, of: picture, of: project)
      let boxes = try await store.boxes(of: picture, of: project)
      let cut = LabelledBox(label: "cat", x: 0, y: 25, width: 6, height: 5, score: 0.7)
      #expect(boxes.state == .detected && boxes.boxes == [.at(1, 1), cut] && boxes.revision == 3)
      #expect(try await store.newPicture(of: project, after: 0) == nil)
      // A second time nothing happens.
      try await store.setDetections(found, of: picture, of: project)
      #expect(try await store.boxes(of: picture, of: project) == boxes)

      try await store.forgetDetections(of: project)
      let again = try await store.boxes(of: picture, of: project)
      #expect(again.state == .new && again.boxes == [.at(1, 1)] && again.revision == 4)
    }
  }

  @Test("what somebody has reviewed or deleted meanwhile is not touched by the network")
  func reviewed() async throws {
    try await withStore { store in
      let project = try await store.addProject("Cats")
      let picture = try await store.addPicture(.made(1), to: project).id
      let boxes = try await store.set(
        [.at(1, 1, score: 0.9)], isReviewed: true, of: picture, of: project)
      try await store.setDetections([.at(5, 5, score: 0.8)], of: picture, of: project)
      try await store.forgetDetections(of: project)
      #expect(try await store.boxes(of: picture, of: project) == boxes)
      _ = try await store.deletePicture(picture, of: project)
      try await store.setDetections([.at(5, 5, score: 0.8)], of: picture, of: project)
      #expect(try await store.pictures(of: project, after: 0, limit: 9).isEmpty)
    }
  }
}
