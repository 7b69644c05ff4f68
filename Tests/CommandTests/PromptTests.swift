import Foundation
import Testing

/// What to look for, given well and badly.
struct PromptTests {
  @Test func aClassListFileIsReadInEveryForm() async throws {
    let workspace = try Workspace()
    try workspace.pictures("a.png")
    let forms = [
      "plain.txt": "sofa\ncup\n", "synonyms.txt": "sofa = couch, settee\n\ncup\n",
      "windows.txt": "\u{FEFF}sofa = couch\r\n\r\ncup\r\n", "names.json": #"["sofa", "cup"]"#,
      "marked.json": "\u{FEFF}[\"sofa\", \"cup\"]",
      "objects.json": #"[{"name": "sofa", "synonyms": ["couch"]}, {"name": "cup", "suffix": " of tea"}]"#,
    ]
    for (name, text) in forms {
      try workspace.write(text, to: name)
      let outcome = try await workspace.detect(
        "a.png", "--classes-file", name, "--label-threshold", "sofa=0", "--label-threshold", "cup=0",
        classes: false)
      #expect(outcome.status == 0, "\(name): \(outcome.errors)")
      #expect(outcome.output.contains("sofa") || outcome.output.contains("cup"))
    }
  }

  @Test(arguments: [
    ("broken.json", "[\"cat\",", "valid JSON"), ("key.json", #"[{"nam": "cat"}]"#, "there is no 'name'"),
    ("type.json", #"["cat", 3]"#, "element 2: it has the wrong type"), ("none.json", "[]", "no name"),
    ("object.json", #"{"name": "cat"}"#, "not a list of names"), ("empty.txt", "", "no name"),
    ("blank.txt", " \n\r\n", "no name"), ("nameless.txt", "cat\n= couch\n", "no name on line 2"),
    ("zero.txt", "cat\0dog", "not UTF-8 text"),
  ])
  func aClassListFileThatIsNoneIsRefused(name: String, text: String, reason: String) async throws {
    let workspace = try Workspace()
    try workspace.pictures("a.png")
    try workspace.write(text, to: name)
    expectRefusal(
      try await workspace.detect("a.png", "--classes-file", name, classes: false), name, reason)
  }

  @Test func aClassListFileThatCannotBeReadIsRefused() async throws {
    let workspace = try Workspace()
    try workspace.pictures("a.png")
    try workspace.write(Data(0...255), to: "bytes.txt")
    for (file, reason) in [
      ("absent.txt", "no such file"), (".", "is a directory"), ("bytes.txt", "not UTF-8 text"),
      ("/dev/zero", "too long"),
    ] {
      expectRefusal(
        try await workspace.detect("a.png", "--classes-file", file, classes: false), file, reason)
    }
  }

  @Test(arguments: [
    ("--classes", "", "The prompt is empty"), ("--classes", ",", "Class 1"),
    ("--classes", "cat,,dog", "Class 2"), ("--classes", "cat,cat", "twice"),
    ("--classes", "cat,Cat", "the same to the network"), ("--prompt", "", "The prompt is empty"),
    ("--prompt", "...", "names nothing"), ("--caption", "", "The prompt is empty"),
    ("--caption", "a [cup] of [tea", "character 12"), ("--caption", "a cup]", "character 6"),
    ("--caption", "[] cup", "hold no phrase"),
    ("--caption", "[a] " + String(repeating: "long words ", count: 1000), "the network takes 256"),
  ])
  func aPromptThatCannotBeUsedIsRefused(option: String, value: String, reason: String) async throws {
    let workspace = try Workspace()
    try workspace.pictures("a.png")
    expectRefusal(
      try await workspace.detect("a.png", option, value, "--json", "found.json", classes: false), reason)
    #expect(try workspace.contents == ["a.png"])
  }

  @Test func marksInACaptionAreLabels() async throws {
    let workspace = try Workspace()
    try workspace.pictures("a.png")
    let outcome = try await workspace.detect(
      "a.png", "--caption", "a [red cup] by [a window]", "--label-threshold", "red cup=1", "--json", "-",
      classes: false)
    let found = try Found.list(outcome.output)
    #expect(!found.isEmpty && found.allSatisfy { $0.label == "a window" })
    #expect(found.allSatisfy { $0.span == [13, 21] && $0.category_id == 2 })
  }

  @Test func thePartsOfATextAreLabels() async throws {
    let workspace = try Workspace()
    try workspace.pictures("a.png")
    let outcome = try await workspace.detect(
      "a.png", "--prompt", "cat . tea cup . ", "--label-threshold", "cat=1", "--json", "-", classes: false)
    let found = try Found.list(outcome.output)
    #expect(!found.isEmpty && found.allSatisfy { $0.label == "tea cup" })
    #expect(found.allSatisfy { $0.span == [6, 13] && $0.category_id == 2 })
  }

  @Test func exactlyOnePromptIsWanted() async throws {
    let workspace = try Workspace()
    try workspace.pictures("a.png")
    expectRefusal(try await workspace.glip("detect", "a.png"), "with one of --classes", status: 64)
    expectRefusal(
      try await workspace.glip("detect", "a.png", "--classes", "cat", "--prompt", "cat."), "not with 2",
      status: 64)
  }
}
