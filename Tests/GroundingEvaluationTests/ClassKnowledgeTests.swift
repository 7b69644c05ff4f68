import Foundation
import GLIP
import GroundingEvaluation
import Testing

struct ClassKnowledgeTests {
  private func read(_ text: String) throws -> [String: String] {
    let file = FileManager.default.temporaryDirectory.appending(path: "glip-\(UUID().uuidString).yaml")
    try Data(text.utf8).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    return try ClassKnowledge(contentsOf: file).texts
  }

  @Test func filesMayBeWrittenInSeveralWays() throws {
    let expected = ["cat": "a small animal", "cup": "a vessel"]
    #expect(try read("cat: a small animal\ncup: a vessel\n") == expected)
    #expect(try read("cat: {definition: a small animal}\ncup: {description: a vessel}\n") == expected)
    #expect(
      try read(
        #"[{"name": "cat", "def": "a small animal"}, {"classname": "cup", "gpt3": ["a vessel", "b"]}, {"name": "x"}]"#
      )
        == expected)
    for (text, reason) in [
      ("cat: [", "not valid YAML"), ("[]", "no text"), ("- {def: a}", "entry 1 has no name"), ("", "no text"),
    ] {
      let error = #expect(throws: EvaluationError.self) { try read(text) }
      #expect(error?.reason.contains(reason) == true)
    }
  }

  @Test func knowledgeFollowsTheNameItIsOf() throws {
    let knowledge = ClassKnowledge(["wine_(red)": "A drink. It is red.\n"])
    let prompts = [ClassPrompt("wine_(red)"), ClassPrompt("cat")]
    let named = try knowledge.added(to: prompts)
    let whole = try knowledge.added(to: prompts, matching: .phrase)
    let encoder = PromptEncoder(tokenizer: try .bertUncased())
    let texts = try [named, whole].map { try encoder.encode(.classes($0))[0] }
    #expect(texts.map(\.text) == Array(repeating: "wine : A drink; It is red. cat", count: 2))
    #expect(texts.map { $0.phrases[0].span } == [0..<5, 0..<25])
    #expect(texts.allSatisfy { $0.phrases.map(\.name) == ["wine_(red)", "cat"] })
    #expect(throws: EvaluationError.self) { try knowledge.added(to: [ClassPrompt("dog")]) }
  }
}
