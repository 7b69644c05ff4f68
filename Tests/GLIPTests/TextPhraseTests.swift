import Foundation
import GLIP
import Testing

@Suite struct TextPhraseTests {
  private func words(_ text: String) -> [String] {
    WordSplitter.words(in: Array(text.unicodeScalars)).map { text.scalars($0) }
  }

  @Test(arguments: [
    ("", ""), (" \n", ""), ("A dog, a cat.", "A|dog|,|a|cat|."),
    ("don't can't DON'T isn't", "do|n't|ca|n't|DO|N'T|is|n't"),
    ("the dog's bowl, dogs' bowls", "the|dog|'s|bowl|,|dogs|'|bowls"),
    ("I'm here; they've gone & we'll see", "I|'m|here|;|they|'ve|gone|&|we|'ll|see"),
    ("3,000 people at 10:30, 50/50", "3,000|people|at|10:30|,|50/50"),
    ("wait... what -- no?!", "wait|...|what|--|no|?|!"), ("a T-shirt (red) [x]", "a|T-shirt|(|red|)|[|x|]"),
    ("\"Quoted\" 'text' ‘x’", "\"|Quoted|\"|'|text|'|‘|x|’"), ("the end of it.)", "the|end|of|it|.|)"),
    ("A man. A dog. Mr. Fox", "A|man|.|A|dog|.|Mr.|Fox"), ("e.g. a U.S. flag", "e.g.|a|U.S.|flag"),
    ("They cannot", "They|can|not"), ("naïve café 東京 🐶", "naïve|café|東京|🐶"),
  ])
  func captionsAreCutIntoWordsAsInThePennTreebank(text: String, expected: String) {
    #expect(words(text) == expected.split(separator: "|").map(String.init))
  }

  @Test(arguments: [
    ("DT JJ JJ NN NN IN DT NN", [0..<5, 6..<8]), ("JJ IN NNS", [2..<3]), ("DT DT NN", [1..<3]),
    ("DT JJ VB", []), ("", []), ("NN DT NN", [0..<1, 1..<3]), ("DT NNP JJR NNPS", [0..<2, 2..<4]),
  ])
  func nounPhrasesAreDeterminerAdjectivesAndNouns(tags: String, expected: [Range<Int>]) {
    #expect(NounPhraseChunker.phrases(in: tags.split(separator: " ").map(String.init)) == expected)
  }

  // MARK: A small tagger of our own

  private static let small = """
    glip-tagger 1
    DT NN VB
    2
    a\t0
    the\t0
    4
    bias\t1 500
    i suffix ats\t2 700 1 100
    i-1 tag DT\t1 2000
    i word !YEAR\t2 501

    """

  @Test func theHighestSumOfWeightsDecides() throws {
    let tagger = try PerceptronTagger(bytes: Array(Self.small.utf8))
    #expect(tagger.tags(of: ["the", "cats", "eats", "1998"]) == ["DT", "NN", "VB", "VB"])
    #expect(tagger.tags(of: []) == [])
  }

  @Test(arguments: [
    ("", 1), ("glip-tagger 2\n", 1), ("glip-tagger 1\n", 2), ("glip-tagger 1\nDT NN\n", 3),
    ("glip-tagger 1\nDT NN\n99999\n", 3), ("glip-tagger 1\nDT NN\n1\na\t2\n", 4),
    ("glip-tagger 1\nDT NN\n1\na 0\n0\n", 4), ("glip-tagger 1\nDT NN\n0\n1\nbias\t0\n", 5),
    ("glip-tagger 1\nDT NN\n0\n1\nbias\t0 -1234567890\n", 5), ("glip-tagger 1\nDT NN\n0\n1\nbias\t-1 5\n", 5),
    ("glip-tagger 1\nDT NN\n0\n0\nmore\n", 4),
  ])
  func brokenWeightsAreRefusedWithTheLine(text: String, line: Int) {
    let error = #expect(throws: TaggerError.self) { try PerceptronTagger(bytes: Array(text.utf8)) }
    guard case .broken(_, line, _) = error else {
      Issue.record("\(String(describing: error)) does not name line \(line)")
      return
    }
  }

  @Test func missingWeightsAreNamedWhenAnUnmarkedCaptionNeedsThem() throws {
    let nowhere = URL(fileURLWithPath: "/nowhere/english.tagger")
    let encoder = PromptEncoder(tokenizer: try WordPieceTokenizer.bertUncased(), tagger: nowhere)
    let error = #expect(throws: TaggerError.self) { try encoder.encode(.caption("a dog")) }
    #expect("\(error!)".contains("/nowhere/english.tagger"))
    #expect("\(TaggerError.missing)".contains("make bootstrap"))
    #expect(try encoder.encode(.caption("[a dog]")).count == 1)
  }

  // MARK: The real weights

  // Needs the tagger's weights, which `make bootstrap` fetches.
  @Test(.enabled(if: PerceptronTagger.locate() != nil, "the tagger's weights are not here"))
  func tagsAreThoseOfThePublishedTagger() throws {
    // Recorded from textblob-aptagger 0.2.0 with the same words.
    let recorded = [
      "a woman in an orange suit standing in front of a flag": "DT NN IN DT NN NN NN IN NN IN DT NN",
      "two dogs are playing with a red frisbee on the grass .": "CD NNS VBP VBG IN DT JJ NN IN DT NN .",
      "the man 's black t-shirt is n't clean ; he does n't care .":
        "DT NN POS JJ NN VBZ RB JJ : PRP VBZ RB VB .",
      "a bus stop sign next to three parked cars and a bicycle": "DT NN NN VB JJ TO CD VBN NNS CC DT NN",
      "an old brick building with 24 windows , seen in 1998 .": "DT JJ NN NN IN CD NNS , VBN IN CD .",
      "people wait at the traffic light while the mid-size train passes slowly .":
        "NNS VBP IN DT NN NN IN DT JJ NN NNS RB .",
    ]
    let tagger = try PerceptronTagger()
    for (words, tags) in recorded {
      #expect(tagger.tags(of: words.split(separator: " ").map(String.init)).joined(separator: " ") == tags)
    }
  }

  // Needs the tagger's weights, which `make bootstrap` fetches.
  @Test(.enabled(if: PerceptronTagger.locate() != nil, "the tagger's weights are not here"))
  func everyPhraseKeepsThePlaceWhereItWasFound() throws {
    let encoder = PromptEncoder(tokenizer: try WordPieceTokenizer.bertUncased())
    let prompt = try encoder.encode(.caption("🐶 A Dog's bowl, next to a dog (a dog!)"))[0]
    #expect(prompt.phrases.map(\.name).suffix(3) == ["bowl", "a dog", "a dog"])
    #expect(prompt.phrases.map { prompt.text.scalars($0.span) } == prompt.phrases.map(\.name))
    #expect(Set(prompt.phrases.map(\.span)).count == prompt.phrases.count)
    #expect(prompt.phrases.map(\.label) == Array(prompt.phrases.indices))
  }

  // MARK: The conversion of the published weights

  // Needs Python, as the conversion does.
  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/env"), "no /usr/bin/env"))
  func hostileWeightsAreRefusedByTheConversionAndNotExecuted() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "tagger-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let proof = folder.appending(path: "executed").path
    let wheel = folder.appending(path: "hostile.whl").path
    let make = """
      import pickle, sys, zipfile, os
      class Hostile:
          def __reduce__(self): return (os.system, ("touch " + sys.argv[1],))
      with zipfile.ZipFile(sys.argv[2], "w") as wheel:
          wheel.writestr("textblob_aptagger/trontagger-0.1.0.pickle", pickle.dumps(Hostile(), 2))
      """
    #expect(try run("python3", "-c", make, proof, wheel).status == 0)
    let output = folder.appending(path: "english.tagger").path
    let script = TextFixtures.repository.appending(path: "Scripts/convert-tagger").path
    let result = try run("python3", script, wheel, output)
    #expect(result.status != 0)
    #expect(result.message.contains("system, which is not allowed"))
    #expect(!FileManager.default.fileExists(atPath: proof))
    #expect(!FileManager.default.fileExists(atPath: output))
  }

  private func run(_ arguments: String...) throws -> (status: Int32, message: String) {
    let process = Process()
    let errors = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = arguments
    process.standardError = errors
    try process.run()
    let message = errors.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: message, as: UTF8.self))
  }
}
