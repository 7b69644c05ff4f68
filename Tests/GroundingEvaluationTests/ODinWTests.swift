import Foundation
import GLIP
import GroundingData
import GroundingEvaluation
import Testing

/// Task files in the authors' form, and what is summed up of tasks.
struct ODinWTests {
  /// A file like those of the authors, which keep Python's values in strings.
  private static func text(
    categories: String? = nil, prompt: String? = nil, test: String = #"("val",)"#, register: String? = nil
  ) -> String {
    var lines = ["DATALOADER: {ASPECT_RATIO_GROUPING: false, SIZE_DIVISIBILITY: 32}", "DATASETS:"]
    if let prompt { lines.append("  CAPTION_PROMPT: '\(prompt)'") }
    if let categories { lines.append("  OVERRIDE_CATEGORY: '\(categories)'") }
    lines += [
      "  GENERAL_COPY: 16", "  PREDEFINED_TEXT: odinw/zoo/category_description.json", "  REGISTER:",
      register ?? """
            val: {ann_file: odinw/zoo/Big Cats.v2/valid/a.json, img_dir: odinw/zoo/Big Cats.v2/valid/}
            train: {ann_file: odinw/zoo/train/a.json,
              img_dir: odinw/zoo/train}
            train_1_3: {ann_file: odinw/zoo/train/one.json, img_dir: odinw/zoo/train}
        """, "  TEST: \(test)", #"  TRAIN: ("train",)"#,
      "INPUT: {MAX_SIZE_TEST: 1000, MAX_SIZE_TRAIN: 1333, MIN_SIZE_TEST: 600, MIN_SIZE_TRAIN: 800}",
      "MODEL:", "  ATSS: {NUM_CLASSES: 3}", "SOLVER: {MAX_EPOCH: 12, WARMUP_ITERS: 0}",
      "TEST: {IMS_PER_BATCH: 8}",
    ]
    return lines.joined(separator: "\n")
  }

  private static func task(_ text: String, name: String = "zoo") throws -> ODinWTask {
    let folder = FileManager.default.temporaryDirectory.appending(path: "odinw-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appending(path: "\(name).yaml")
    try Data(text.utf8).write(to: file)
    return try ODinWTask(contentsOf: file)
  }

  @Test func aTaskIsReadAsItIs() throws {
    let task = try Self.task(
      Self.text(
        categories: #"[{"id": 1, "name": "lion", "supercategory": "cats"}, {"id":"# + "\n    "
          + #"2, "name": "snow\#n    leopard", "supercategory": "cats"}]"#), name: "Big Cats.v2")
    #expect(task.name == "Big Cats.v2")
    #expect(task.classes == [ObjectClass(id: 1, name: "lion"), ObjectClass(id: 2, name: "snow leopard")])
    #expect((task.trainingPart, task.measuredPart) == ("train", "val"))
    #expect(task.resize == ResizeRule(minimumSide: 600, maximumSide: 1000))
    #expect(task.phrases == nil)
    let root = URL(fileURLWithPath: "/data")
    let val = try task.description(of: "val", in: root)
    #expect(val.annotations == "/data/odinw/zoo/Big Cats.v2/valid/a.json")
    #expect(val.pictures.map { URL(fileURLWithPath: $0).path } == "/data/odinw/zoo/Big Cats.v2/valid")
    #expect(val.classes == task.classes && val.format == .coco)
    #expect(try task.description(of: "val", in: root, prompt: .annotated).classes == nil)
    #expect(try task.description(of: "train_1_3", in: root).annotations == "/data/odinw/zoo/train/one.json")
    let error = #expect(throws: EvaluationError.self) { try task.description(of: "test", in: root) }
    #expect(error?.reason == "there is no part 'test' of Big Cats.v2, but train, val")
  }

  @Test func namesMayBeAnything() throws {
    let task = try Self.task(
      Self.text(
        categories: #"[{''id'': 2, ''name'': ''it\''s''}, {"id": 1, "name": "  "}, {"id": 3, "name": "t\\"},"#
          + #" {"id": 4, "name": "o "}, {"id": 5, "name": "0"}, {"id": 6, "name": "caf\u00e9"},]"#))
    #expect(task.classes?.map(\.name) == ["  ", "it's", "t\\", "o ", "0", "café"])
    #expect(task.classes?.map(\.id) == [1, 2, 3, 4, 5, 6])
  }

  @Test func captionPromptsBecomePhrases() throws {
    let text = Self.text(
      categories: #"[{"id": 1, "name": "lion"}, {"id": 2, "name": "cub"}]"#,
      prompt: #"[{"prefix": "a ", "name": "mane", "suffix": " of a lion"}, "#
        + #"{"name": "small_cat", "prefix": "", "suffix": ""},]"#)
    let task = try Self.task(text)
    let classes = [ObjectClass(id: 1, name: "lion"), ObjectClass(id: 2, name: "cub")]
    let prompts = try #require(try task.classPrompts(for: classes))
    #expect(prompts.map(\.name) == ["lion", "cub"])
    let encoded = try PromptEncoder(tokenizer: .bertUncased()).encode(.classes(prompts))
    #expect(encoded.map(\.text) == ["a mane of a lion. small_cat"])
    #expect(encoded[0].phrases.map(\.span) == [2..<6, 18..<27])
    #expect(try task.classPrompts(for: classes, prompt: .names) == nil)
    #expect(task.available(.phrases) == .phrases && task.available(.names) == .names)
    #expect(throws: EvaluationError.self) { try task.classPrompts(for: [classes[0]]) }
    let plain = try Self.task(Self.text())
    #expect(plain.available(.phrases) == .annotated)
  }

  @Test func aClassWithoutANameIsInTheTextAndNeverFound() throws {
    let prompts = ["  ", "black bishop", "black king"].map { ClassPrompt($0) }
    var encoder = PromptEncoder(tokenizer: try .bertUncased())
    #expect(throws: PromptError.self) { try encoder.encode(.classes(prompts)) }
    encoder.acceptsBlankNames = true
    let encoded = try encoder.encode(.classes(prompts))
    #expect(encoded.map(\.text) == [" . black bishop. black king"])
    #expect(encoded[0].phrases.map(\.label) == [1, 2])
    #expect(throws: PromptError.self) { try encoder.encode(.classes([prompts[0]])) }
  }

  @Test func mistakesAreNamed() throws {
    let mistakes = [
      ("DATASETS: [", "it is not YAML"),
      ("a: 1", "DATASETS.REGISTER: it is missing"),
      (Self.text(test: "val"), "DATASETS.TEST"),
      (Self.text(test: #"("minival",)"#), "REGISTER has no 'minival'"),
      (Self.text(test: "[val]"), "DATASETS.TEST: a text with a Python value expected"),
      (Self.text(categories: #"[{"id": 1, "name": "a"}"#), "DATASETS.OVERRIDE_CATEGORY: ',' or ']' expected"),
      (Self.text(categories: #"[{"id": 1, "name": "a}]"#), "has no closing quote"),
      (Self.text(categories: #"[{"id": "1", "name": "a"}]"#), "category 1 needs a number"),
      (Self.text(categories: "__import__(os)"), "a value expected at character 1"),
      (Self.text(categories: String(repeating: "[", count: 10_000)), "nested too deeply"),
      (Self.text(prompt: #"[{"prefix": "a"}]"#), "phrase 1 has no text 'name'"),
      (Self.text(register: "    val: {img_dir: a}"), "DATASETS.REGISTER.val.ann_file: a path expected"),
      (Self.text(register: "    val: {ann_file: ../../a, img_dir: a}"), "leaves the folder of the data sets"),
    ]
    for (text, reason) in mistakes {
      let error = #expect(throws: EvaluationError.self) { try Self.task(text) }
      #expect(error?.description.contains(reason) == true, "\(String(describing: error))")
      #expect(error?.description.contains("zoo.yaml: ") == true)
    }
  }

  @Test func aFolderStandsForItsFiles() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "odinw-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    #expect(throws: EvaluationError.self) { try ODinWTask.files(at: folder) }
    for name in ["b.yaml", "a.yaml", "notes.txt", "c.yaml"] {
      try Data().write(to: folder.appending(path: name))
    }
    #expect(try ODinWTask.files(at: folder).map(\.lastPathComponent) == ["a.yaml", "b.yaml", "c.yaml"])
    try Data(#"["configs/odinw/c.yaml", "configs/odinw/a.yaml"]"#.utf8).write(
      to: folder.appending(path: "_all.json"))
    #expect(try ODinWTask.files(at: folder).map(\.lastPathComponent) == ["c.yaml", "a.yaml"])
    let file = folder.appending(path: "b.yaml")
    #expect(try ODinWTask.files(at: file) == [file])
  }

  @Test func theSummaryIsOverTasks() {
    func result(_ task: String, _ value: Double?, seed: Int? = nil) -> ODinWResult {
      ODinWResult(
        task: task, part: "val", prompt: .names, checkpoint: "tiny",
        training: seed.map { .init(shots: 1, seed: $0) }, figures: ["AP": value])
    }
    let plain = ODinWSummary([result("a", 0.1), result("b", 0.2), result("c", 0.6), result("d", nil)])
    #expect(plain.average.map { abs($0 - 0.3) < 1e-12 } == true && plain.median == 0.2)
    #expect((plain.measuredTasks, plain.tasks) == (3, 4))
    let seeds = ODinWSummary([
      result("a", 0.1, seed: 3), result("a", 0.3, seed: 30), result("b", 0.6, seed: 3),
      result("c", 0.9, seed: 3), result("c", nil, seed: 30),
    ])
    #expect(seeds.average.map { abs($0 - 0.4) < 1e-12 } == true && seeds.measuredTasks == 2)
    #expect(ODinWSummary([result("a", nil)]).average == nil)
  }
}
