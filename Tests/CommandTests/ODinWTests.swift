import Foundation
import Testing

/// `glip evaluate odinw`, with a network of every part in small.
struct ODinWTests {
  @Test func tasksAreMeasuredAndSummedUp() async throws {
    let workspace = try Tasks(["cats", "cups"])
    let outcome = try await workspace.odinw("--tasks", "tasks", "--results", "out")
    #expect(outcome.status == 0 && outcome.errors == "", "\(outcome.errors)")
    let lines = outcome.output.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
    try #require(lines.count == 6, "\(outcome.output)")
    #expect(lines[0].prefix(5) == ["task", "network", "prompt", "part", "pictures"])
    // The checkpoint is named with its fingerprint.
    #expect(lines[1].first == "cats" && lines[1][1] == "tiny.safetensors")
    #expect(lines[1][3...5] == ["phrases", "val", "4"])
    #expect(lines[2].first == "cups" && lines[2][3...5] == ["names", "val", "4"])
    #expect(lines[3].first == "average" && lines[4].first == "median")

    let summary = try workspace.summary("out")
    #expect(summary.results.map(\.task) == ["cats", "cups"])
    let values = try summary.results.map { try #require($0.figures["AP"] ?? nil) }
    #expect(summary.average.map { abs($0 - (values[0] + values[1]) / 2) < 1e-12 } == true)
    #expect(summary.results.allSatisfy { $0.checkpoint.hasPrefix("tiny.safetensors ") })

    let answers = try #require(workspace.json("out/leaderboard.json") as? [String: [[String: Any]]])
    #expect(Set(answers.keys) == ["cats", "cups"])
    for (_, answer) in answers {
      #expect(!answer.isEmpty)
      #expect(
        answer.allSatisfy { Set($0.keys) == ["image_id", "category_id", "bbox", "score"] })
    }
    expectRefusal(
      try await workspace.odinw("--tasks", "tasks", "--results", "out"),
      "out holds an evaluation already; --resume goes on with it")
  }

  @Test func aTaskThatFailsIsToldAndLeavesTheOthers() async throws {
    let workspace = try Tasks(["cats", "cups", "dogs"])
    let annotations = "DATASET/odinw/cups/valid/a.json"
    let whole = try workspace.data(annotations)
    try workspace.write("{", to: annotations)
    try workspace.write("DATASETS: {}", to: "tasks/dogs.yaml")
    let outcome = try await workspace.odinw("--tasks", "tasks", "--results", "out")
    #expect(outcome.status == 1 && !outcome.wasKilled)
    #expect(outcome.sentences.count == 3, "\(outcome.errors)")
    #expect(outcome.sentences.allSatisfy { isSentence($0) })
    #expect(outcome.errors.contains("cups/valid/a.json") && outcome.errors.contains("dogs.yaml"))
    #expect(outcome.sentences.last == "glip: 2 of 3 measurements could not be made.")
    #expect(outcome.output.contains("1 of 3 tasks") && outcome.output.contains("failed"))
    let first = try workspace.summary("out")
    #expect(first.results.map { $0.failure != nil } == [false, true, true])

    // What was measured is not measured again.
    let journal = try workspace.modified("out/cats/zero-shot/found/rank-0.jsonl")
    try workspace.write(whole, to: annotations)
    try workspace.task("dogs")
    let resumed = try await workspace.odinw("--tasks", "tasks", "--results", "out", "--resume")
    #expect(resumed.status == 0 && resumed.errors == "", "\(resumed.errors)")
    #expect(try workspace.modified("out/cats/zero-shot/found/rank-0.jsonl") == journal)
    let second = try workspace.summary("out")
    #expect(second.results.allSatisfy { $0.failure == nil } && second.results[0] == first.results[0])
  }

  @Test func fewShotsAreTrainedForEachTaskAndSeed() async throws {
    let workspace = try Tasks(["cats", "cups"])
    let arguments = ["--shots", "1", "--seeds", "3,30", "--epochs", "1", "--results", "out"]
    let outcome = try await workspace.odinw(["--tasks", "tasks"] + arguments)
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.output.contains("+ 1 shot (30)"))
    let summary = try workspace.summary("out")
    #expect(summary.results.map(\.training?.seed) == [3, 30, 3, 30] && summary.average != nil)
    let answers = try #require(workspace.json("out/leaderboard.json") as? [String: [String: [Any]]])
    #expect(answers.mapValues { Set($0.keys) } == ["cats": ["3", "30"], "cups": ["3", "30"]])
    let training = "out/cats/shots-1-seed-3/training"
    let configuration = String(decoding: try workspace.data("\(training)/config.yaml"), as: UTF8.self)
    #expect(configuration.contains("train/one-3.json") && configuration.contains("valid/one-3.json"))
    #expect(configuration.contains("suffix: ' of an animal'"))
    #expect(!workspace.exists("\(training)/best.safetensors"))

    // Neither trained nor asked again.
    let resumed = try await workspace.odinw(["--tasks", "tasks"] + arguments + ["--resume"])
    #expect(resumed.status == 0 && resumed.output == outcome.output, "\(resumed.errors)")
    let other = try await workspace.odinw(
      ["--tasks", "tasks/cats.yaml"] + arguments + ["--resume", "--tune", "linear"])
    #expect(other.status == 1 && other.errors.contains("was begun with training"), "\(other.errors)")
    let all = try await workspace.odinw(
      "--tasks", "tasks/cups.yaml", "--shots", "all", "--epochs", "1", "--results", "all", "--tune", "prompt",
      "--keep-networks")
    #expect(all.status == 0, "\(all.errors)")
    #expect(workspace.exists("all/cups/all/training/best.safetensors"))
  }

  @Test func anInterruptionIsGoneOnWith() async throws {
    let workspace = try Tasks(["cats", "cups"], pictures: 60)
    let arguments = try workspace.arguments(["--tasks", "tasks", "--results", "out"])
    let run = try workspace.start(arguments)
    workspace.wait(for: "out/cats/zero-shot/found/rank-0.jsonl", seconds: 60)
    kill(run.process.processIdentifier, SIGINT)
    let outcome = try await run.outcome()
    #expect(outcome.status == 0 && outcome.output.contains("--resume goes on"), "\(outcome.errors)")
    let resumed = try await workspace.start(arguments + ["--resume"]).outcome()
    #expect(resumed.status == 0, "\(resumed.errors)")
    let whole = try await workspace.odinw("--tasks", "tasks", "--results", "whole")
    #expect(whole.status == 0)
    #expect(try workspace.summary("out") == workspace.summary("whole"))
  }

  @Test func picturesAreLookedAtSeveralTimes() async throws {
    let workspace = try Tasks(["cats"])
    let outcome = try await workspace.odinw(
      "--tasks", "tasks", "--results", "out", "--scales", "48,64", "--flip", "--merge", "vote")
    #expect(outcome.status == 0, "\(outcome.errors)")
    func evaluate(_ arguments: String...) async throws -> Outcome {
      try await workspace.start(
        [
          "evaluate", "--data", "DATASET/odinw/cats/valid/a.json", "--images", "DATASET/odinw/cats/valid",
          "--model", TinyModel.file().path, "--min-size", "64",
        ] + arguments
      ).outcome()
    }
    let plain = try await evaluate()
    #expect(plain.status == 0, "\(plain.errors)")
    for merging in ["nms", "vote", "soft-nms", "linear-soft-nms"] {
      let outcome = try await evaluate("--flip", "--merge", merging)
      #expect(outcome.status == 0 && outcome.output.contains("AP"), "\(outcome.errors)")
    }
    #expect(try await evaluate("--scales", "64").output == plain.output)
    expectRefusal(try await evaluate("--merge", "vote"), "nothing to merge", status: 64)
    expectRefusal(try await evaluate("--scales", "64,x"), "numbers separated by commas", status: 64)
    expectRefusal(try await evaluate("--scales", "8"), "minimum side")

    let soft = try await workspace.start(
      [
        "detect", "DATASET/odinw/cats/valid/0.png", "--classes", "cat", "--model", TinyModel.file().path,
        "--min-size", "64", "--threshold", "0", "--soft-nms", "100",
      ]
    ).outcome()
    #expect(soft.status == 0 && soft.output.contains("100 found"), "\(soft.errors)")
  }

  @Test func mistakesAreSaidInASentence() async throws {
    let workspace = try Tasks(["cats"])
    expectRefusal(try await workspace.odinw("--results", "out"), "--tasks", status: 64)
    expectRefusal(
      try await workspace.odinw("--tasks", "tasks", "--results", "out", "--resume"),
      "out holds no evaluation to resume")
    expectRefusal(try await workspace.odinw("--tasks", "tasks", "--results", "tasks"), "tasks is not empty")
    expectRefusal(
      try await workspace.odinw("--tasks", "tasks", "--results", "out", "--shots", "some"), "'all'",
      status: 64)
    let part = try await workspace.odinw("--tasks", "tasks", "--results", "out", "--part", "test")
    #expect(part.status == 1 && part.errors.contains("There is no part 'test' of cats"), "\(part.errors)")
    let shots = try await workspace.odinw("--tasks", "tasks", "--results", "five", "--shots", "5")
    #expect(shots.status == 1 && shots.errors.contains("no part 'train_5_3' of cats"), "\(shots.errors)")
  }
}

/// Task files in the authors' form, and their pictures.
private final class Tasks {
  private let workspace: Workspace
  private let pictures: Int

  /// The first one has phrases.
  init(_ names: [String], pictures: Int = 4) throws {
    workspace = try Workspace()
    self.pictures = pictures
    for name in names { try task(name) }
  }

  func task(_ name: String) throws {
    var parts: [String] = []
    for (part, place) in [("train", "train"), ("val", "valid")] {
      let folder = "odinw/\(name)/\(place)"
      for index in 0..<pictures { try workspace.pictures("DATASET/\(folder)/\(index).png") }
      let samples = [("\(part)_1_3", "one-3.json", 0..<2), ("\(part)_1_30", "one-30.json", 1..<3)]
      for (part, file, indices) in [(part, "a.json", 0..<pictures)] + samples {
        try write(annotations(indices), to: "DATASET/\(folder)/\(file)")
        parts.append("    \(part): {ann_file: \(folder)/\(file),\n      img_dir: \(folder)}")
      }
    }
    let prompt =
      name == "cats"
      ? #"  CAPTION_PROMPT: '[{"prefix": "a ", "name": "cat", "suffix": " of an animal"}, "#
        + #"{"prefix": "", "name": "cup", "suffix": ""},]'"# + "\n" : ""
    try write(
      """
      DATALOADER: {ASPECT_RATIO_GROUPING: false, SIZE_DIVISIBILITY: 32}
      DATASETS:
      \(prompt)  GENERAL_COPY: 16
        OVERRIDE_CATEGORY: '[{"id": 1, "name": "cat", "supercategory": "things"}, {"id":
          2, "name": "cup", "supercategory": "things"}]'
        REGISTER:
      \(parts.joined(separator: "\n"))
        TEST: ("val",)
        TRAIN: ("train",)
      INPUT: {MAX_SIZE_TEST: 96, MAX_SIZE_TRAIN: 96, MIN_SIZE_TEST: 64, MIN_SIZE_TRAIN: 64}
      SOLVER: {CHECKPOINT_PERIOD: 100, MAX_EPOCH: 12, WARMUP_ITERS: 0}
      TEST: {IMS_PER_BATCH: 8}
      """, to: "tasks/\(name).yaml")
  }

  /// In COCO's form; the names are not those that the task gives to the classes.
  private func annotations(_ indices: Range<Int>) -> String {
    let images = indices.map {
      #"{"id": \#($0 + 1), "file_name": "\#($0).png", "width": 96, "height": 64}"#
    }
    let boxes = indices.map { index in
      #"{"id": \#(index + 1), "image_id": \#(index + 1), "category_id": \#(index % 2 + 1), "#
        + #""bbox": [\#(4 * (index % 10)), \#(3 * (index % 10)), 40, 30], "area": 1200, "iscrowd": 0}"#
    }
    return """
      {"images": [\(images.joined(separator: ","))], "annotations": [\(boxes.joined(separator: ","))],
       "categories": [{"id": 1, "name": "thing-1"}, {"id": 2, "name": "thing-2"}]}
      """
  }

  func arguments(_ arguments: [String]) throws -> [String] {
    ["evaluate", "odinw", "--root", "DATASET", "--model", try TinyModel.file().path] + arguments
  }

  func odinw(_ arguments: String...) async throws -> Outcome { try await odinw(arguments) }
  func odinw(_ arguments: [String]) async throws -> Outcome {
    try await workspace.start(self.arguments(arguments)).outcome()
  }

  func start(_ arguments: [String]) throws -> RunningCommand { try workspace.start(arguments) }
  func wait(for name: String, seconds: Int) { workspace.wait(for: name, seconds: seconds) }
  func exists(_ path: String) -> Bool { workspace.exists(path) }
  func data(_ path: String) throws -> Data { try workspace.data(path) }
  func write(_ text: String, to path: String) throws { try workspace.write(text, to: path) }
  func write(_ data: Data, to path: String) throws { try workspace.write(data, to: path) }
  func json(_ path: String) throws -> Any { try JSONSerialization.jsonObject(with: data(path)) }

  func modified(_ path: String) throws -> Date? {
    try FileManager.default.attributesOfItem(atPath: workspace.url(path).path)[.modificationDate] as? Date
  }

  func summary(_ results: String) throws -> Summary {
    try JSONDecoder().decode(Summary.self, from: data("\(results)/summary.json"))
  }

  struct Summary: Decodable, Equatable {
    struct Result: Decodable, Equatable {
      struct Training: Decodable, Equatable { var shots, seed: Int? }

      var task, part, prompt, checkpoint: String
      var training: Training?
      var figures: [String: Double?]
      var failure: String?
    }

    var results: [Result]
    var average, median: Double?
  }
}
