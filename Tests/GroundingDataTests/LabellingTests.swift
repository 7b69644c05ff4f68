import Foundation
import GLIP
import GroundingData
import Testing

/// From detections to boxes, and from captions to phrases.
struct LabellingTests {
  private let size = Record.Size(width: 100, height: 100)

  private func found(
    _ box: (Double, Double, Double, Double), _ score: Double, phrase: Int = 0
  ) -> (object: Record.Object, phrase: Int) {
    let box = CornerBox(x0: box.0, y0: box.1, x1: box.2, y1: box.3)
    return (Record.Object(box: box, spans: [0..<(phrase + 1)], score: score), phrase)
  }

  @Test func scoresAboveTheThresholdPass() {
    var counts = LabelCounts()
    let kept = LabellingRules().screened(
      [found((0, 0, 9, 9), 0.9), found((20, 20, 29, 29), 0.5), found((40, 40, 49, 49), 0.1)], in: size,
      &counts
    )
    #expect(kept.map(\.score) == [0.9])
    #expect(counts.detections == 3 && counts.belowThreshold == 2 && counts.boxes == 1)
    #expect(counts.scores[18] == 1 && counts.scores[10] == 1 && counts.scores[2] == 1)
    #expect(LabelCounts.bin(of: 1) == 19 && LabelCounts.bin(of: 0) == 0)
  }

  @Test func boxesTooSmallOrLargeAreLeftOut() {
    var rules = LabellingRules()
    rules.areas = 0.01...0.5
    var counts = LabelCounts()
    let kept = rules.screened(
      [
        found((0, 0, 99, 99), 0.9), found((0, 0, 9, 9), 0.8), found((0, 0, 8, 8), 0.7),
        // Within the picture it is a quarter of it.
        found((50, 50, 199, 199), 0.6), found((-20, 0, 0, 50), 0.6),
      ], in: size, &counts)
    #expect(kept.map(\.score) == [0.8, 0.6])
    #expect(kept.last?.box == CornerBox(x0: 50, y0: 50, x1: 99, y1: 99))
    #expect(counts.outsideAreas == 3)
  }

  @Test func ofOverlappingBoxesTheBestIsKeptWhateverNamesIt() {
    let boxes = [found((0, 0, 49, 49), 0.9), found((1, 1, 50, 50), 0.8, phrase: 1)]
    var counts = LabelCounts()
    #expect(LabellingRules().screened(boxes, in: size, &counts).count == 2)
    #expect(counts.phrasesWithBoxes == 2)
    var rules = LabellingRules()
    rules.overlap = 0.5
    #expect(rules.screened(boxes, in: size, &counts).map(\.score) == [0.9])
    #expect(counts.overlapping == 1)
  }

  @Test func aPhraseHasAtMostSoManyBoxesAndAPictureAtLeast() {
    let boxes = [
      found((0, 0, 9, 9), 0.9), found((20, 0, 29, 9), 0.8), found((40, 0, 49, 9), 0.7, phrase: 1),
    ]
    var rules = LabellingRules()
    rules.boxesPerPhrase = 1
    var counts = LabelCounts()
    #expect(rules.screened(boxes, in: size, &counts).map(\.score) == [0.9, 0.7])
    #expect(counts.beyondPhraseLimit == 1 && counts.phrasesWithBoxes == 2)
    rules.minimumBoxes = 3
    counts = LabelCounts()
    #expect(rules.screened(boxes, in: size, &counts).isEmpty)
    #expect(counts.onSparsePictures == 2 && counts.boxes == 0 && counts.phrasesWithBoxes == 0)
    // Nothing is counted twice, and nothing not at all.
    #expect(
      counts.detections == counts.belowThreshold + counts.outsideAreas + counts.overlapping
        + counts.beyondPhraseLimit + counts.onSparsePictures + counts.boxes)
  }

  @Test func rulesOutOfRangeAreRefused() {
    for path in [\LabellingRules.threshold] {
      var rules = LabellingRules()
      rules[keyPath: path] = .nan
      #expect(throws: SettingError.self) { try rules.validate() }
    }
    var rules = LabellingRules()
    rules.minimumBoxes = 0
    #expect(throws: SettingError.self) { try rules.validate() }
  }

  @Test func phrasesAreExcludedByTheirHeadOrAsAWhole() {
    let exclusion = PhraseExclusion(["Image", "the wild west"])
    #expect(exclusion.contains("an image") && exclusion.contains("Nice IMAGE"))
    #expect(!exclusion.contains("an image editor"))
    #expect(exclusion.contains("wild west") && exclusion.contains("the wild  west"))
    #expect(!exclusion.contains("a wild west saloon"))
    #expect(PhraseExclusion.standard.contains("the front") && !PhraseExclusion.standard.contains("a red car"))
  }

  @Test func excludedPhrasesAreReadFromAFile() throws {
    let folder = try DatasetFolder()
    let file = try folder.write("# what nobody sees\nidea # and ideas\n\nwild west\n", to: "list.txt")
    let exclusion = try PhraseExclusion(contentsOf: file)
    #expect(exclusion == PhraseExclusion(["idea", "wild west"]))
    #expect(try PhraseExclusion(contentsOf: folder.write("", to: "none.txt")) == PhraseExclusion([]))
    #expect(throws: DatasetError.self) { try PhraseExclusion(contentsOf: folder.file("missing.txt")) }
  }

  private func phrases(
    of caption: String, limit: Int = 256
  ) throws -> (CaptionPhrases, LabelCounts)? {
    guard PerceptronTagger.locate() != nil else {
      print("skipped: the tagger's weights are not here")
      return nil
    }
    let encoder = PromptEncoder(tokenizer: try .bertUncased(), maximumTokens: limit)
    var counts = LabelCounts()
    let phrases = try CaptionPhrases(of: caption, encoder, excluding: .standard, &counts)
    // Whatever it is, the network takes it.
    if !phrases.spans.isEmpty { _ = try encoder.encode(.caption(phrases.text, spans: phrases.spans)) }
    return (phrases, counts)
  }

  private func words(_ phrases: CaptionPhrases, in caption: String) -> [String] {
    let scalars = Array(caption.unicodeScalars)
    return phrases.spans.map { String(String.UnicodeScalarView(scalars[$0])) }
  }

  @Test func phrasesKeepTheirPlacesInTheCaption() throws {
    let caption = "A photo of a café\u{301} table [left], a red car and a red car"
    guard let (phrases, counts) = try phrases(of: caption) else { return }
    let found = words(phrases, in: caption)
    #expect(found.filter { $0 == "a red car" }.count == 2)
    #expect(!found.contains("A photo") && counts.excludedPhrases >= 1)
    #expect(Set(phrases.spans).count == phrases.spans.count && phrases.text == caption)
    #expect(counts.phrases == counts.excludedPhrases + counts.unseenPhrases + phrases.spans.count)
  }

  @Test func aCaptionTooLongIsCutBehindAWordAndCounted() throws {
    let caption = "a dog and " + String(repeating: "a hippopotamus and ", count: 40) + "a zebra"
    guard let (phrases, counts) = try phrases(of: caption, limit: 24) else { return }
    #expect(counts.cutCaptions == 1 && counts.unseenPhrases > 30)
    #expect(caption.hasPrefix(phrases.text) && phrases.text.count < 100)
    #expect(["dog", "hippopotamus", "and", "a"].contains(phrases.text.split(separator: " ").last ?? ""))
    #expect(words(phrases, in: caption).first == "a dog")
    // One word that is too long by itself leaves nothing.
    let word = String(repeating: "x1", count: 49)
    #expect(try self.phrases(of: word, limit: 8)?.0.spans.isEmpty != false)
  }

  @Test func aCaptionWithoutPhrasesIsCounted() throws {
    for caption in ["", "and then", "!!! ???", "\u{200B}\u{200B}"] {
      guard let (phrases, counts) = try phrases(of: caption) else { return }
      #expect(phrases.spans.isEmpty && counts.captionsWithoutPhrases == 1, "\(caption)")
    }
  }

  @Test func anEntryComesBackFromItsJournal() throws {
    var entry = LabelEntry(index: 3, id: "a \"b\"\n", size: size)
    entry.objects = [
      Record.Object(box: CornerBox(x0: 0.25, y0: 1, x1: 2.5, y1: 3), spans: [0..<2, 5..<9], score: 0.5123),
      Record.Object(box: CornerBox(x0: 0, y0: 1, x1: 2, y1: 3), classIndex: 4, score: 1),
    ]
    entry.counts.boxes = 2
    entry.counts.scores[7] = 5
    let failed = LabelEntry(index: 0, id: "", failure: "it is broken")
    let folder = try DatasetFolder()
    try FileManager.default.createDirectory(at: folder.file("journal"), withIntermediateDirectories: true)
    let journal = try LabelJournal(folder.file("journal/0.jsonl"))
    for entry in [entry, failed] { try journal.append(entry) }
    let index = try JournalIndex(folder.file("journal"), count: 4)
    for entry in [entry, failed] { #expect(try index.entry(at: entry.index) == entry) }
  }

  @Test func journalsSurviveATornLineAndCountASampleOnce() throws {
    let folder = try DatasetFolder()
    try folder.write("", to: "journal/empty.jsonl")
    let file = folder.file("journal/0.jsonl")
    do {
      let journal = try LabelJournal(file)
      try journal.append(LabelEntry(index: 2, id: "first"))
      try journal.append(LabelEntry(index: 0, id: "zero"))
      try journal.synchronize()
      #expect(throws: DatasetError.self) { try LabelJournal(file) }
    }
    let whole = try Data(contentsOf: file)
    for length in whole.count - 20..<whole.count {
      try whole.prefix(length).write(to: file)
      do {
        let journal = try LabelJournal(file)
        try journal.append(LabelEntry(index: 2, id: "second"))
        try journal.append(LabelEntry(index: 7, id: "beyond"))
      }
      let index = try JournalIndex(folder.file("journal"), count: 3)
      // Only where all but the line's end was there it counts.
      let isThere = length == whole.count - 1
      #expect(index.doneCount == (isThere ? 2 : 1))
      #expect(index.contains(0) == isThere && !index.contains(1) && !index.isComplete)
      #expect(try index.entry(at: 2).id == "first")
    }
  }
}
