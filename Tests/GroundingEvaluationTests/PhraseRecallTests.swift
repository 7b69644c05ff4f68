import GroundingEvaluation
import Testing

@Suite struct PhraseRecallTests {
  /// Phrases like those of Flickr30k Entities: one or several boxes, one or two types, some without detections.
  private func phrases(seed: UInt64) -> [PhraseRecall.Phrase] {
    var generator = SplitMix(state: seed)
    func box() -> Rectangle {
      Rectangle(
        x: Double(Int.random(in: 0...60, using: &generator)),
        y: Double(Int.random(in: 0...60, using: &generator)),
        width: Double(Int.random(in: 5...60, using: &generator)),
        height: Double(Int.random(in: 5...60, using: &generator)))
    }
    let types = ["people", "clothing", "animals", "scene", "other"]
    return (0..<300).map { _ in
      let objects = (0..<Int.random(in: 0...3, using: &generator)).map { _ in box() }
      var found = (0..<Int.random(in: 0...14, using: &generator)).map { _ in box() }
      if let object = objects.first, Bool.random(using: &generator) {
        found.insert(object, at: Int.random(in: 0...found.count, using: &generator))
      }
      let names = (0...Int.random(in: 0...1, using: &generator)).map { _ in
        types[Int.random(in: 0..<types.count, using: &generator)]
      }
      return PhraseRecall.Phrase(types: names, objectBoxes: objects, foundBoxes: found)
    }
  }

  /// The definition on corners, pixel by pixel: boxes have whole numbers.
  private func overlap(_ one: Rectangle, _ other: Rectangle) -> Double {
    func pixels(_ box: Rectangle) -> Set<Int> {
      var pixels: Set<Int> = []
      for x in Int(box.x)..<Int(box.x + box.width) {
        for y in Int(box.y)..<Int(box.y + box.height) { pixels.insert(x * 1000 + y) }
      }
      return pixels
    }
    let (first, second) = (pixels(one), pixels(other))
    return Double(first.intersection(second).count) / Double(first.union(second).count)
  }

  private func merged(_ boxes: [Rectangle]) -> Rectangle {
    boxes.dropFirst().reduce(boxes[0]) { one, other in
      let (x, y) = (min(one.x, other.x), min(one.y, other.y))
      return Rectangle(
        x: x, y: y, width: max(one.x + one.width, other.x + other.width) - x,
        height: max(one.y + one.height, other.y + other.height) - y)
    }
  }

  @Test("Recall is what counting pixels gives", arguments: [PhraseRecall.Truth.anyBox, .mergedBoxes])
  func recomputation(truth: PhraseRecall.Truth) throws {
    let phrases = phrases(seed: 3)
    var recall = PhraseRecall(truth)
    for phrase in phrases { recall.add(phrase) }
    let counted = phrases.filter { !$0.objectBoxes.isEmpty }
    #expect(recall.phraseCount() == counted.count)
    for limit in [1, 5, 10, nil] {
      let isFound = counted.map { phrase in
        let objects = truth == .anyBox ? phrase.objectBoxes : [merged(phrase.objectBoxes)]
        return phrase.foundBoxes.prefix(limit ?? 1000).contains { box in
          objects.contains { overlap(box, $0) >= 0.5 }
        }
      }
      let expected = Double(isFound.count { $0 }) / Double(counted.count)
      #expect(recall.recall(at: limit) == expected)
      for type in recall.types {
        let weights = counted.map { phrase in phrase.types.count { $0 == type } }
        let hits = zip(isFound, weights).reduce(0) { $0 + ($1.0 ? $1.1 : 0) }
        #expect(recall.recall(of: type, at: limit) == Double(hits) / Double(weights.reduce(0, +)))
      }
    }
    #expect(recall.recall(at: 3) == nil)
    #expect(recall.recall(of: "vehicles", at: 1) == nil)
  }

  @Test("More boxes never find less, and merged boxes are not those that they were merged of")
  func protocols() throws {
    var (any, merged) = (PhraseRecall(.anyBox), PhraseRecall(.mergedBoxes))
    let people = PhraseRecall.Phrase(
      types: ["people"],
      objectBoxes: [
        Rectangle(x: 0, y: 0, width: 10, height: 10), Rectangle(x: 90, y: 0, width: 10, height: 10),
      ],
      foundBoxes: [
        Rectangle(x: 0, y: 0, width: 10, height: 10), Rectangle(x: 0, y: 0, width: 100, height: 10),
      ])
    any.add(people)
    merged.add(people)
    #expect(any.recall(at: 1) == 1)
    #expect(merged.recall(at: 1) == 0 && merged.recall(at: 5) == 1 && merged.recall(at: nil) == 1)
  }

  @Test("Referring accuracy counts the surest box alone")
  func referring() {
    var accuracy = ReferringAccuracy()
    #expect(accuracy.value == nil)
    let object = Rectangle(x: 0, y: 0, width: 10, height: 10)
    accuracy.add(object: object, found: object)
    accuracy.add(object: object, found: Rectangle(x: 0, y: 0, width: 10, height: 5))
    accuracy.add(object: object, found: Rectangle(x: 0, y: 0, width: 10, height: 4.9))
    accuracy.add(object: object, found: nil)
    #expect(accuracy.value == 0.5)
  }
}
