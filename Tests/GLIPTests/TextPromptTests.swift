import Foundation
import GLIP
import Testing

@Suite struct TextPromptTests {
  let encoder: PromptEncoder

  init() throws {
    encoder = PromptEncoder(tokenizer: try WordPieceTokenizer.bertUncased())
  }

  private func only(_ prompt: Prompt, _ encoder: PromptEncoder? = nil) throws -> EncodedPrompt {
    let prompts = try (encoder ?? self.encoder).encode(prompt)
    return try #require(prompts.count == 1 ? prompts.first : nil)
  }

  private func error(_ prompt: Prompt, _ encoder: PromptEncoder? = nil) -> PromptError? {
    #expect(throws: PromptError.self) { try (encoder ?? self.encoder).encode(prompt) }
  }

  /// Label, from 1, to token indices.
  private func map(_ prompt: EncodedPrompt) -> [String: [Int]] {
    Dictionary(
      uniqueKeysWithValues: prompt.labels.map { ("\($0.label + 1)", $0.phrases.flatMap { Array($0.tokens) }) }
    )
  }

  // MARK: Recorded from the authors' code

  private struct Recorded: Decodable {
    struct Case: Decodable {
      struct Words: Decodable { let prefix, name, suffix: String }
      let names: [String]
      let captionPrompt: [Words]?
      let caption: String
      let map: [String: [Int]]
    }
    struct PositiveMap: Decodable {
      let caption: String
      let tokensPositive: [[[Int]]]
      let map: [[Int]]
    }
    let prompts: [Case]
    let positiveMaps: [PositiveMap]
    let clean: [[String]]
    let chunks: [Int]
  }

  private func recorded() throws -> Recorded {
    try TextFixtures.decode(Recorded.self, from: TextFixtures.data("prompts.json"))
  }

  @Test func classListsAreJoinedAndMappedAsInTheAuthorsEvaluation() throws {
    for expected in try recorded().prompts {
      let classes = expected.names.enumerated().map { index, name in
        guard let words = expected.captionPrompt?[index] else { return ClassPrompt(name) }
        return ClassPrompt(name, phrase: words.name, prefix: words.prefix, suffix: words.suffix)
      }
      let found = try only(.classes(classes))
      #expect(found.text == expected.caption)
      #expect(map(found) == expected.map)
      #expect(found.phrases.map(\.name) == expected.names)
    }
  }

  @Test func spansCoverTheTokensOfTheAuthorsPositiveMaps() throws {
    for expected in try recorded().positiveMaps {
      let tokens = encoder.tokenizer.tokenize(expected.caption)
      let rows = expected.tokensPositive.enumerated().flatMap { row, spans in
        Set(spans.flatMap { tokens.tokens(covering: $0[0]..<$0[1]) }).sorted().map { [row, $0] }
      }
      #expect(rows == expected.map)
    }
  }

  @Test func namesAreCleanedAsInTheAuthorsEvaluation() throws {
    for pair in try recorded().clean {
      #expect(ClassPrompt.cleaned(pair[0]) == pair[1])
    }
  }

  @Test func longListsAreCutIntoConsecutiveChunks() throws {
    let sizes = try recorded().chunks
    let names = (0..<sizes.reduce(0, +)).map { ClassPrompt("thing \($0)") }
    var encoder = encoder
    encoder.maximumClasses = 40
    let prompts = try encoder.encode(.classes(names))
    #expect(prompts.map(\.phrases.count) == sizes)
    #expect(prompts.flatMap(\.phrases).map(\.label) == Array(names.indices))
    #expect(prompts[1].text.hasPrefix("thing 40. thing 41"))
  }

  private struct Run: Decodable {
    let caption: String
    let names: [String]?
    let promptKind: String?
    let tokens: [String]?
    let positiveMapLabelToToken: [String: [Int]]?
    let positiveMap: [String: [Int]]?
  }

  // Needs the recorded runs, which lie beside the repository; the reason is printed where they do not.
  @Test(.enabled(if: !TextFixtures.recordings.isEmpty))
  func recordedRunsOfTheNetworkHaveTheSameTextAndTokens() throws {
    let vocabulary = TextFixtures.repository.appending(
      path: "Sources/GLIP/Resources/bert-base-uncased-vocab.txt")
    let pieces = try String(contentsOf: vocabulary, encoding: .utf8).split(separator: "\n")
    for file in TextFixtures.recordings {
      let run = try TextFixtures.decode(Run.self, from: Data(contentsOf: file))
      let names = run.names ?? []
      let prompt: Prompt =
        switch run.promptKind {
        case nil: .text(run.caption)
        case "cap": .caption(run.caption, spans: names.compactMap { run.caption.scalarRange(of: $0) })
        default: .classes(names.map { ClassPrompt($0) })
        }
      let found = try only(prompt)
      #expect(found.text == run.caption, "\(file.path)")
      #expect(map(found) == run.positiveMapLabelToToken ?? run.positiveMap, "\(file.path)")
      if let tokens = run.tokens {
        #expect(found.ids.map { String(pieces[Int($0)]) } == tokens, "\(file.path)")
      }
    }
  }

  // MARK: Class lists

  @Test func labelsKeepTheUsersNameAndSpansPointIntoTheText() throws {
    let prompt = try only(.classes(["bow_(decorative_ribbon)", "traffic_light"]))
    #expect(prompt.text == "bow . traffic light")
    #expect(prompt.phrases.map(\.name) == ["bow_(decorative_ribbon)", "traffic_light"])
    #expect(prompt.phrases.map { prompt.text.scalars($0.span) } == ["bow ", "traffic light"])
  }

  @Test func synonymsAreFurtherPhrasesOfOneLabel() throws {
    let prompt = try only(.classes([ClassPrompt("sofa", synonyms: ["couch", "settee"]), "cat"]))
    #expect(prompt.text == "sofa. couch. settee. cat")
    #expect(prompt.labels.map(\.label) == [0, 1])
    #expect(prompt.labels[0].phrases.map { prompt.text.scalars($0.span) } == ["sofa", "couch", "settee"])
    #expect(prompt.phrases.map(\.name) == ["sofa", "sofa", "sofa", "cat"])
  }

  @Test func descriptionsAreInTheTextButNotInTheSpan() throws {
    let prompt = try only(
      .classes([ClassPrompt("raccoon", prefix: "a grey ", suffix: " with a mask"), "dog"]))
    #expect(prompt.text == "a grey raccoon with a mask. dog")
    #expect(prompt.text.scalars(prompt.phrases[0].span) == "raccoon")
  }

  @Test func theDemosStyleEndsWithASeparator() throws {
    var encoder = encoder
    encoder.style = .demo
    let prompt = try only(.classes(["cat", "cup", "person"]), encoder)
    #expect(prompt.text == "cat . cup . person . ")
    #expect(map(prompt) == ["1": [1], "2": [3], "3": [5]])
  }

  @Test(arguments: [PromptStyle.evaluation, .demo])
  func listsThatDoNotFitAreFilledGreedilyAndLoseNothing(style: PromptStyle) throws {
    let names = (0..<500).map { "very long class name \($0)" }
    var encoder = encoder
    encoder.style = style
    let prompts = try encoder.encode(.classes(names.map { ClassPrompt($0) }))
    #expect(prompts.count > 1)
    #expect(prompts.flatMap(\.phrases).map(\.name) == names)
    for (prompt, next) in zip(prompts, prompts.dropFirst()) {
      #expect(prompt.ids.count <= 256 && !prompt.tokens.isTruncated)
      let first = next.text.scalars(next.phrases[0].span)
      let longer = prompt.text.dropLast(style.terminator.count) + style.separator + first + style.terminator
      #expect(encoder.tokenizer.tokenize(String(longer)).count > 256)
    }
  }

  @Test func synonymsStayInOneText() throws {
    let classes = (0..<60).map { ClassPrompt("item \($0)", synonyms: ["object \($0)", "article \($0)"]) }
    for prompt in try encoder.encode(.classes(classes)) {
      #expect(prompt.labels.allSatisfy { $0.phrases.count == 3 })
    }
  }

  @Test func badClassListsAreRefusedByName() {
    #expect(error(.classes([])) == .nothingToFind(text: ""))
    #expect(error(.classes(["cat", " "])) == .emptyName(" ", position: 2))
    #expect(error(.classes(["(all)"])) == .emptyName("(all)", position: 1))
    #expect(error(.classes(["cat", "dog", "cat"])) == .repeatedName("cat", after: "cat"))
    #expect(error(.classes(["fish", "fish_(food)"])) == .repeatedName("fish_(food)", after: "fish"))
    #expect(error(.classes([ClassPrompt("cat", synonyms: ["Cat"])])) == .repeatedName("Cat", after: "cat"))
    #expect(error(.classes(["cat", "\u{FFFD}"])) == .noTokens(phrase: "\u{FFFD}"))
    let long = String(repeating: "word ", count: 300)
    #expect(error(.classes(["cat", .init(long)])) == .classTooLong(long, tokens: 302, limit: 256))
    #expect("\(PromptError.classTooLong(long, tokens: 302, limit: 256))".contains("302 tokens"))
  }

  @Test func equalPhrasesAreAcceptedWhereADataSetHasThem() throws {
    var encoder = encoder
    encoder.acceptsRepeatedPhrases = true
    let prompt = try only(.classes(["bow_(weapon)", "bow_(decorative_ribbons)"]), encoder)
    #expect(map(prompt) == ["1": [1], "2": [3]])
    #expect(error(.classes(["bow", "bow"]), encoder) == .repeatedName("bow", after: "bow"))
  }

  // MARK: Captions and texts

  @Test func markedPhrasesLoseTheirBrackets() throws {
    let prompt = try only(.caption(#"[a  woman] at \[sign\] C:\x by [a flag]"#))
    #expect(prompt.text == #"a  woman at [sign] C:\x by a flag"#)
    #expect(prompt.phrases.map(\.name) == ["a woman", "a flag"])
    #expect(prompt.phrases.map(\.label) == [0, 1])
    #expect(prompt.phrases.map { prompt.text.scalars($0.span) } == ["a  woman", "a flag"])
    #expect(prompt.phrases[0].tokens == 1..<3)
  }

  @Test func explicitSpansTakeTheCaptionAsItStands() throws {
    let prompt = try only(.caption("[a] 🐶 dog", spans: [4..<9]))
    #expect(prompt.text == "[a] 🐶 dog")
    #expect(prompt.phrases.map(\.name) == ["🐶 dog"])
  }

  @Test func textsGoToTheNetworkVerbatimAndLabelsStandBetweenFullStops() throws {
    let prompt = try only(.text("cat . remote control.. \n. Person . "))
    #expect(prompt.text == "cat . remote control.. \n. Person . ")
    #expect(prompt.phrases.map(\.name) == ["cat", "remote control", "Person"])
    #expect(prompt.phrases.map { prompt.text.scalars($0.span) } == ["cat", "remote control", "Person"])
  }

  @Test func badCaptionsAreRefusedByName() {
    let nested = "[a [b] c]"
    #expect(error(.caption(nested)) == .unbalancedBracket(caption: nested, position: 4))
    #expect(error(.caption("a] b")) == .unbalancedBracket(caption: "a] b", position: 2))
    #expect(error(.caption("a [b")) == .unbalancedBracket(caption: "a [b", position: 3))
    #expect(error(.caption("a [ ] b")) == .emptyBrackets(caption: "a [ ] b", position: 3))
    #expect(error(.caption("cat", spans: [1..<4])) == .spanOutside(1..<4, count: 3))
    #expect(error(.caption("cat", spans: [1..<1])) == .spanOutside(1..<1, count: 3))
    #expect(error(.caption("cat", spans: [-1..<2])) == .spanOutside(-1..<2, count: 3))
    #expect(error(.caption("cat", spans: [])) == .nothingToFind(text: "cat"))
    #expect(error(.caption("cat     dog", spans: [3..<8])) == .noTokens(phrase: ""))
    #expect(error(.text(" . ")) == .nothingToFind(text: " . "))
    #expect(error(.text("")) == .nothingToFind(text: ""))
    let long = String(repeating: "cat. ", count: 200)
    #expect(error(.text(long)) == .textTooLong(long, tokens: 402, limit: 256))
    #expect(error(.caption("[a cat] " + long)) == .textTooLong("a cat " + long, tokens: 404, limit: 256))
  }
}
