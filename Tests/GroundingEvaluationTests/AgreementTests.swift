import Foundation
import GroundingData
import GroundingEvaluation
import Testing

/// Boxes compared with true ones.
struct AgreementTests {
  private struct Listed: GroundingDataset {
    let name: String
    var classes: [ObjectClass] = []
    var records: [Record]
    var count: Int { records.count }
    func record(at index: Int) throws -> Record { records[index] }
    func size(at index: Int) -> Record.Size? { nil }
  }

  private func record(_ file: String, _ text: Record.Text, _ objects: [Record.Object]) -> Record {
    Record(id: file, picture: .file(URL(fileURLWithPath: "/x/\(file)")), text: text, objects: objects)
  }

  private func box(
    _ x: Double, _ side: Double = 9, spans: [Range<Int>] = [], label: Int? = nil, score: Double? = nil
  ) -> Record.Object {
    Record.Object(
      box: CornerBox(x0: x, y0: 0, x1: x + side, y1: 9), classIndex: label, spans: spans, score: score)
  }

  private let caption = Record.Text.caption("a cat and a cup")

  @Test func boxesOfTheSameWordsCountOnce() throws {
    let truth = Listed(
      name: "truth",
      records: [
        record("a.jpg", caption, [box(0, spans: [2..<5]), box(50, spans: [12..<15])]),
        record("b.jpg", caption, [box(0, spans: [2..<5])]), record("c.jpg", caption, []),
      ])
    let labels = Listed(
      name: "labels",
      records: [
        record(
          "a.jpg", caption,
          [
            // Right, with the article; a second box of the same cat; a cup in the cat's place; a cup that is found.
            box(0, spans: [0..<5], score: 0.8), box(1, spans: [2..<5], score: 0.9),
            box(0, spans: [12..<15], score: 0.7), box(50, spans: [10..<15], score: 0.35),
          ]), record("d.jpg", caption, [box(0, spans: [2..<5], score: 0.9)]),
      ])
    let agreement = try Agreement(of: labels, with: truth, thresholds: [0.5, 0.95])
    #expect(agreement.pictures == 1 && agreement.unjudgedPictures == 1 && agreement.missingPictures == 2)
    #expect(agreement.trueBoxes == 3)
    let levels = agreement.levels
    #expect(levels.map(\.boxes) == [4, 3, 0] && levels.map(\.right) == [2, 1, 0])
    #expect(levels[0].precision == 0.5 && levels[0].recall == 2.0 / 3)
    #expect(levels[2].precision == nil && levels[2].recall == 0)
    // A box that is a tenth off is no longer right where overlap is asked to be nearly whole.
    let strict = try Agreement(of: labels, with: truth, overlap: 0.95, thresholds: [])
    #expect(strict.levels.map(\.right) == [2])
    #expect(try JSONDecoder().decode(Agreement.self, from: JSONEncoder().encode(strict)) == strict)
  }

  @Test func classesGoByTheirNames() throws {
    let (cat, dog) = (ObjectClass(id: 7, name: "cat"), ObjectClass(id: 9, name: "dog"))
    var crowd = box(50, label: 0)
    crowd.isCrowd = true
    let truth = Listed(
      name: "truth", classes: [cat, dog],
      records: [record("a.jpg", .classes, [box(0, label: 0), box(20, label: 1), crowd])])
    let labels = Listed(
      name: "labels", classes: [dog, cat],
      records: [record("a.jpg", .classes, [box(0, label: 1), box(20, label: 1)])])
    let agreement = try Agreement(of: labels, with: truth, thresholds: [])
    #expect(agreement.trueBoxes == 2 && agreement.levels.map(\.right) == [1])
  }

  @Test func whatCannotBeComparedIsSaid() throws {
    let one = Listed(name: "one", records: [record("a.jpg", caption, [box(0, spans: [2..<5])])])
    let twice = Listed(name: "twice", records: one.records + one.records)
    let other = Listed(name: "other", records: [record("b.jpg", caption, [])])
    let changed = Listed(name: "changed", records: [record("a.jpg", .caption("a dog"), [])])
    for (truth, reason) in [
      (twice, "Twice has two records of a.jpg"), (other, "One and other have no picture"),
      (changed, "The captions of a.jpg in one and changed differ"),
    ] {
      #expect {
        try Agreement(of: one, with: truth)
      } throws: { "\($0)".contains(reason) }
    }
  }
}
