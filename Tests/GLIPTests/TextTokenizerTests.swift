import Foundation
import GLIP
import Testing

@Suite struct TextTokenizerTests {
  let tokenizer: WordPieceTokenizer

  init() throws {
    tokenizer = try WordPieceTokenizer.bertUncased()
  }

  private struct Case: Decodable {
    let t: String
    let m: Int?
    let i: [Int32]
    let o: [[Int]]
  }

  @Test func idsAndOffsetsAreThoseOfHuggingFaceOnStringsOfEveryKind() throws {
    let lines = try TextFixtures.data("tokenizer.jsonl").split(separator: UInt8(ascii: "\n")).dropFirst()
    #expect(lines.count >= 2000)
    for line in lines {
      let expected = try JSONDecoder().decode(Case.self, from: line)
      let found = tokenizer.tokenize(expected.t, maximumCount: expected.m ?? .max)
      #expect(found.ids == expected.i, "\(expected.t.debugDescription)")
      #expect(
        found.offsets.map { [$0.lowerBound, $0.upperBound] } == expected.o, "\(expected.t.debugDescription)")
    }
  }

  private struct Recorded: Decodable {
    let text: String
    let ids: [Int32]
    let offsets: [[Int]]
    let ids256: [Int32]
    let charToToken: [Int?]
  }

  @Test func recordedTextsHaveTheRecordedTokensForEveryCharacter() throws {
    let cases = try TextFixtures.decode([Recorded].self, from: TextFixtures.data("tokenizer-released.json"))
    #expect(cases.count > 40)
    for expected in cases {
      let found = tokenizer.tokenize(expected.text)
      #expect(found.ids == expected.ids)
      #expect(found.offsets.map { [$0.lowerBound, $0.upperBound] } == expected.offsets)
      #expect(!found.isTruncated)
      #expect(expected.text.unicodeScalars.indices.count == expected.charToToken.count)
      #expect(expected.charToToken.indices.map(found.token(at:)) == expected.charToToken)
      let cut = tokenizer.tokenize(expected.text, maximumCount: 256)
      #expect(cut.ids == expected.ids256)
      #expect(cut.isTruncated == (expected.ids.count > 256))
      #expect(cut.untruncatedCount == expected.ids.count)
    }
  }

  @Test func truncationKeepsTheFirstPiecesAndBothEnds() {
    let text = "cat dog person"
    #expect(tokenizer.tokenize(text, maximumCount: 4).ids == [101, 4937, 3899, 102])
    #expect(tokenizer.tokenize(text, maximumCount: 2).ids == [101, 102])
    #expect(tokenizer.tokenize(text, maximumCount: 0).ids == [101, 102])
    #expect(tokenizer.tokenize(text, maximumCount: 0).untruncatedCount == 5)
  }

  @Test func vocabularyIsReadInAMomentFromTheResource() throws {
    let file = TextFixtures.repository.appending(path: "Sources/GLIP/Resources/bert-base-uncased-vocab.txt")
    let start = ContinuousClock.now
    let own = try WordPieceTokenizer(vocabulary: file)
    // Some 10 ms; the bound is loose for busy machines.
    #expect(ContinuousClock.now - start < .milliseconds(500))
    #expect(own.tokenize("cat").ids == [101, 4937, 102])
  }

  private static let specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]

  private func error(for content: Data?) throws -> VocabularyError? {
    let file = FileManager.default.temporaryDirectory.appending(path: "vocabulary-\(UUID().uuidString).txt")
    defer { try? FileManager.default.removeItem(at: file) }
    try content?.write(to: file)
    return #expect(throws: VocabularyError.self) { try WordPieceTokenizer(vocabulary: file) }
  }

  @Test func brokenVocabulariesAreRefusedByName() throws {
    func lines(_ entries: [String]) -> Data { Data(entries.joined(separator: "\n").utf8) }
    #expect(try "\(error(for: nil)!)".contains("cannot be read"))
    #expect(try "\(error(for: Data())!)".contains("no entry \"[UNK]\""))
    #expect(try "\(error(for: lines(Array(Self.specials.dropLast())))!)".contains("no entry \"[MASK]\""))
    #expect(try "\(error(for: lines(Self.specials + ["cat", "dog", "cat"]))!)".contains("line 8"))
    #expect(try "\(error(for: lines(Self.specials + ["", "dog"]))!)".contains("line 6"))
    #expect(try "\(error(for: lines(Self.specials) + Data([10, 0xFF, 0xFE]))!)".contains("not UTF-8"))
    #expect(try "\(error(for: Data(count: 17 << 20))!)".contains("bytes"))
  }

  @Test func aWordOfManyAccentsCostsNoMoreThanItsLength() {
    let text = "a" + String(repeating: "\u{0316}\u{0301}", count: 20_000)
    #expect(tokenizer.tokenize(text).ids == [101, 1037, 102])
    let long = String(repeating: "x", count: 1_000_000)
    #expect(tokenizer.tokenize(long).ids == [101, 100, 102])
    let brackets = String(repeating: "[", count: 100_000)
    #expect(tokenizer.tokenize(brackets).count == 100_002)
  }
}
