import Foundation
import GLIP
import Pictures
import Testing

/// `glip label`, with a small network that finds something everywhere.
struct LabelTests {
  @Test func captionsBesidePicturesBecomeGroundingData() async throws {
    let workspace = try LabelWorkspace(count: 3)
    let outcome = try await workspace.label("photos", "--caption-from", "txt", "--preview", "2")
    #expect(outcome.status == 0 && outcome.errors == "", "\(outcome.errors)")
    #expect(outcome.output.hasPrefix("out/annotations.json: 3 of 3 pictures, "))
    #expect(
      try workspace.workspace.contents.filter { $0.hasPrefix("out/") } == [
        "out/annotations.json", "out/labelling.json", "out/preview.jpg", "out/statistics.json",
      ])
    let json = try workspace.json("out/annotations.json")
    let images = try #require(json["images"] as? [[String: Any]])
    #expect(images.map { $0["file_name"] as? String } == ["0.png", "1.png", "2.png"])
    #expect(images.map { $0["caption"] as? String } == (0..<3).map(LabelWorkspace.caption))
    let annotations = try #require(json["annotations"] as? [[String: Any]])
    let phrases = try Set(
      annotations.map { annotation -> String in
        let spans = try #require(annotation["tokens_positive"] as? [[Int]])
        #expect((annotation["score"] as? Double ?? 0) > 0.2 && spans.count == 1)
        let caption = Array(LabelWorkspace.caption(try #require(annotation["image_id"] as? Int) - 1))
        return String(caption[spans[0][0]..<spans[0][1]])
      })
    #expect(phrases.isSubset(of: ["a dog", "a red car"]) && !phrases.isEmpty)

    let statistics = try workspace.json("out/statistics.json")
    let counts = try #require(statistics["counts"] as? [String: Int])
    #expect(counts["boxes"] == annotations.count && counts["phrases"] == 9 && counts["excludedPhrases"] == 3)
    #expect((statistics["scores"] as? [[String: Any]])?.count == 20)
    let again = try await workspace.label("photos", "--caption-from", "txt")
    #expect(again.status == 0 && again.output.hasPrefix("out is finished"))
  }

  @Test(arguments: ["coco", "odvg", "voc", "yolo", "tsv", "webdataset", "label-studio"])
  func classListsAreWrittenInEveryFormat(format: String) async throws {
    let workspace = try LabelWorkspace(count: 3)
    let outcome = try await workspace.label("photos", "--classes", "cat, red car", "--format", format)
    #expect(outcome.status == 0, "\(outcome.errors)")
    switch format {
    case "yolo":
      let labels = try String(contentsOf: workspace.url("out/yolo/labels/0.txt"), encoding: .utf8)
      #expect(labels.split(separator: "\n").allSatisfy { $0.split(separator: " ").count == 5 })
      #expect(workspace.exists("out/yolo/images/2.png") && workspace.exists("out/yolo/data.yaml"))
    case "label-studio":
      let tasks = try JSONSerialization.jsonObject(with: workspace.data("out/tasks.json")) as? [[String: Any]]
      let data = try #require(tasks?.first?["data"] as? [String: String])
      #expect(tasks?.count == 3 && data["image"] == "/data/local-files/?d=0.png")
      let prediction = (tasks?.first?["predictions"] as? [[String: Any]])?.first
      #expect(prediction?["model_version"] as? String == "tiny")
    default:
      let (path, images) =
        switch format {
        case "coco": ("out/annotations.json", "photos")
        case "odvg": ("out/annotations.jsonl", "photos")
        case "voc": ("out/voc", "out/voc/JPEGImages")
        case "tsv": ("out/tsv/data.yaml", "photos")
        default: ("out/\(format)", "photos")
        }
      try await workspace.expectSound(path, images: images, count: 3)
    }
  }

  @Test(arguments: ["mdetr", "odvg", "tsv", "webdataset", "label-studio"])
  func captionListsAreWrittenInEveryFormat(format: String) async throws {
    let workspace = try LabelWorkspace(count: 3)
    let outcome = try await workspace.label("list.csv", "--images", "photos", "--format", format)
    #expect(outcome.status == 0, "\(outcome.errors)")
    let paths = [
      "mdetr": "out/annotations.json", "odvg": "out/annotations.jsonl", "tsv": "out/tsv/data.yaml",
      "webdataset": "out/webdataset",
    ]
    guard let path = paths[format] else { return #expect(workspace.exists("out/tasks.xml")) }
    try await workspace.expectSound(path, images: "photos", count: 3)
  }

  @Test func everyFormOfCaptionsIsTaken() async throws {
    let workspace = try LabelWorkspace(count: 3)
    for (number, format) in ["webdataset", "tsv", "mdetr"].enumerated() {
      let made = try await workspace.label(
        "list.csv", "--images", "photos", "--format", format, output: "made\(number)")
      #expect(made.status == 0, "\(made.errors)")
    }
    let lines = (0..<3).map { #"{"image": "\#($0).png", "caption": "\#(LabelWorkspace.caption($0))"}"# }
    try workspace.workspace.write(lines.joined(separator: "\n"), to: "list.jsonl")
    let inputs = [
      ["list.jsonl", "--images", "photos"], ["made0/webdataset"], ["made1/tsv/data.yaml"],
      ["made2/annotations.json", "--images", "photos"], ["list.jsonl", "list.csv", "--images", "photos"],
    ]
    for (number, input) in inputs.enumerated() {
      let outcome = try await workspace.label(input, output: "out\(number)")
      #expect(outcome.status == 0, "\(outcome.errors)")
      let boxes = outcome.output.firstMatch(of: /of (\d+) pictures, (\d+) boxes/)
      #expect(boxes.map { Int($0.1) } == (number == 4 ? 6 : 3))
    }
    // The same pictures and captions, so the same boxes.
    let annotations = try (0..<4).map { number in
      let json = try workspace.json("out\(number)/annotations.json")
      return try JSONSerialization.data(
        withJSONObject: #require(json["annotations"]), options: .sortedKeys)
    }
    #expect(Set(annotations).count == 1)
    // Pictures within archives are copied beside the annotations.
    #expect(workspace.exists("out1/images/3.png") && !workspace.exists("out0/images"))
  }

  @Test func aRunThatWasKilledGoesOnAsIfItHadNotBeen() async throws {
    let workspace = try LabelWorkspace(count: 40, side: 480)
    let whole = try await workspace.label(
      "list.csv", "--images", "photos", "--format", "odvg", output: "whole")
    #expect(whole.status == 0, "\(whole.errors)")
    let one = try workspace.start("list.csv", "--images", "photos", "--format", "odvg", output: "killed")
    workspace.wait(forLines: 5, in: "killed")
    kill(one.process.processIdentifier, SIGKILL)
    #expect(try await one.outcome().wasKilled)
    #expect(!workspace.exists("killed/annotations.jsonl"))
    let (done, lines) = (workspace.lines(in: "killed"), try workspace.journals(in: "killed"))
    #expect(done >= 5 && done < 40)

    // On with two, one of which is killed, and in the end with three.
    let two = try workspace.start(
      "list.csv", "--images", "photos", "--format", "odvg", "--processes", "2", output: "killed")
    workspace.wait(forLines: done + 5, in: "killed")
    let children = try workspace.children(of: two.process.processIdentifier)
    #expect(children.count == 2)
    kill(try #require(children.last), SIGKILL)
    let outcome = try await two.outcome()
    #expect(outcome.status == 1 && outcome.errors.contains("was ended by signal 9"), "\(outcome.errors)")
    #expect(try workspace.journals(in: "killed").hasPrefix(lines))
    let last = try await workspace.label(
      "list.csv", "--images", "photos", "--format", "odvg", "--processes", "3", output: "killed")
    #expect(last.status == 0, "\(last.errors)")
    #expect(try workspace.data("whole/annotations.jsonl") == workspace.data("killed/annotations.jsonl"))
    for name in ["counts", "pictures", "scores"] {
      let parts = try ["whole", "killed"].map {
        try workspace.json("\($0)/statistics.json")[name] as? NSObject
      }
      #expect(parts[0] == parts[1] && parts[0] != nil)
    }
    #expect(!workspace.exists("killed/journal"))
  }

  @Test func severalProcessesLabelWhatOneDoes() async throws {
    let workspace = try LabelWorkspace(count: 24)
    for (name, processes) in [("one", "1"), ("two", "2")] {
      let outcome = try await workspace.label(
        "photos", "--classes", "cat, dog", "--processes", processes, output: name)
      #expect(outcome.status == 0 && outcome.output.contains("24 of 24 pictures"), "\(outcome.errors)")
    }
    #expect(try workspace.data("one/annotations.json") == workspace.data("two/annotations.json"))
  }

  @Test func otherOptionsAreRefusedByName() async throws {
    let workspace = try LabelWorkspace(count: 40, side: 480)
    let run = try workspace.start("list.csv", "--images", "photos", "--threads", "1")
    workspace.wait(forLines: 3, in: "out")
    expectRefusal(
      try await workspace.label("list.csv", "--images", "photos"), "0.jsonl", "another process is writing it")
    kill(run.process.processIdentifier, SIGTERM)
    _ = try await run.outcome()
    expectRefusal(
      try await workspace.label("list.csv", "--images", "photos", "--nms", "0.7"),
      "--nms was 0.6, is 0.7", "name another folder")
    let text = try String(contentsOf: workspace.url("list.csv"), encoding: .utf8)
    try workspace.workspace.write(text.replacing("a dog", with: "a cat"), to: "list.csv")
    expectRefusal(try await workspace.label("list.csv", "--images", "photos"), "input 1 was list.csv (")
  }

  @Test func aPictureThatFailsEndsTheRunOrIsLeftOut() async throws {
    let workspace = try LabelWorkspace(count: 4)
    try workspace.workspace.write("no picture", to: "photos/1.png")
    try FileManager.default.removeItem(at: workspace.url("photos/3.txt"))
    expectRefusal(try await workspace.label("photos", "--caption-from", "txt"), "photos/1.png")
    #expect(!workspace.exists("out/annotations.json"))
    let outcome = try await workspace.label("photos", "--caption-from", "txt", "--skip")
    #expect(outcome.status == 0 && outcome.sentences.count == 2, "\(outcome.errors)")
    #expect(outcome.errors.contains("Picture 2 is left out: photos/1.png"))
    #expect(outcome.errors.contains("3.txt: there is no such file"))
    #expect(outcome.output.hasPrefix("out/annotations.json: 2 of 4 pictures"))
    let statistics = try workspace.json("out/statistics.json")
    #expect((statistics["failures"] as? [[String: Any]])?.map { $0["sample"] as? Int } == [2, 4])
  }

  @Test func picturesWithoutBoxesAreLeftOutOrKept() async throws {
    let workspace = try LabelWorkspace(count: 2)
    let none = try await workspace.label("photos", "--classes", "cat", "--threshold", "1", output: "none")
    #expect(none.status == 0 && none.output.contains("0 of 2 pictures, 0 boxes"), "\(none.errors)")
    #expect(none.errors.contains("No box is left"))
    let kept = try await workspace.label(
      "photos", "--classes", "cat", "--threshold", "1", "--keep-empty", output: "kept")
    #expect(kept.output.contains("2 of 2 pictures, 0 boxes"))
    try workspace.workspace.write("dog\ncar\n", to: "exclude.txt")
    let excluded = try await workspace.label(
      "photos", "--caption-from", "txt", "--exclude-phrases", "exclude.txt", output: "excluded")
    // "A photo" remains.
    #expect(excluded.output.contains("6 phrases: 4 excluded") || excluded.output.contains("4 excluded"))
  }

  @Test func mistakesAreSaidInOneSentence() async throws {
    let workspace = try LabelWorkspace(count: 2)
    expectRefusal(try await workspace.label("photos"), "photos has pictures only", "--classes")
    expectRefusal(try await workspace.label("none.csv"), "none.csv")
    expectRefusal(
      try await workspace.label("photos", "--classes", "cat", "--format", "mdetr"), "mdetr is for captions")
    expectRefusal(try await workspace.label("list.csv", "--format", "yolo"), "no place for captions")
    expectRefusal(try await workspace.label("photos", "--classes", "cat, cat"), "twice")
    expectRefusal(
      try await workspace.label("photos", "--classes", "cat", "--threshold", "2"), "threshold is 2.0")
    expectRefusal(
      try await workspace.label("list.csv", "--images", "photos", "--min-size", "1"), "minimum side")
    expectRefusal(
      try await workspace.label("photos", "--classes", "a", "--caption-from", "txt"), "only one", status: 64)
    expectRefusal(
      try await workspace.label("photos", "--classes", "a", "--min-area", "0.5", "--max-area", "0.1"),
      "--min-area",
      status: 64)
    expectRefusal(
      try await workspace.glip("label", "photos", "--classes", "a", "--output", "out", "--model", "gone.pth"),
      "gone.pth")
    expectRefusal(
      try await workspace.label("photos", "--classes", "a", "--recursive", output: "photos/out"),
      "photos/out is in photos")
    #expect(!workspace.exists("out") && !workspace.exists("photos/out"))
    // In an input that is not searched for it, it does not count as a change of the input.
    for beginning in ["photos/out/annotations.json: 2 of 2", "photos/out is finished"] {
      let inside = try await workspace.label("photos", "--classes", "a", output: "photos/out")
      #expect(inside.status == 0 && inside.output.hasPrefix(beginning), "\(inside.errors)")
    }
    try workspace.workspace.write("mine", to: "out/notes.txt")
    expectRefusal(
      try await workspace.label("photos", "--classes", "cat", "--processes", "2"), "out: it is there already")
  }
}

/// Pictures, no two the same, with captions beside them and in a list.
private final class LabelWorkspace {
  let workspace: Workspace

  static func caption(_ number: Int) -> String { "A photo of a dog beside a red car (\(number))" }

  /// Pixels of the shorter side for the network.
  private let side: Int

  init(count: Int, side: Int = 64) throws {
    self.side = side
    workspace = try Workspace()
    var list = "image,caption\n"
    for number in 0..<count {
      var pixels: [UInt8] = []
      for y in 0..<64 {
        for x in 0..<96 { pixels += [UInt8(2 * x), UInt8(3 * y), UInt8((x * (number + 1) + y) % 256)] }
      }
      try workspace.write(Self.caption(number), to: "photos/\(number).txt")
      try Picture(width: 96, height: 64, pixels: pixels).write(to: workspace.url("photos/\(number).png"))
      list += "\(number).png,\"\(Self.caption(number))\"\n"
    }
    try workspace.write(list, to: "list.csv")
  }

  func url(_ path: String) -> URL { workspace.url(path) }
  func exists(_ path: String) -> Bool { workspace.exists(path) }
  func data(_ path: String) throws -> Data { try workspace.data(path) }
  func glip(_ arguments: String...) async throws -> Outcome {
    try await workspace.start(arguments).outcome()
  }

  func json(_ path: String) throws -> [String: Any] {
    try #require(JSONSerialization.jsonObject(with: data(path)) as? [String: Any])
  }

  func start(_ arguments: String..., output: String = "out") throws -> RunningCommand {
    try start(arguments, output: output)
  }

  private func start(_ arguments: [String], output: String) throws -> RunningCommand {
    let model = ["--model", try TinyModel.file().path]
    let sizes = arguments.contains("--min-size") ? [] : ["--min-size", "\(side)", "--max-size", "0"]
    let threshold = arguments.contains("--threshold") ? [] : ["--threshold", "0.2"]
    return try workspace.start(["label"] + model + sizes + threshold + ["--output", output] + arguments)
  }

  func label(_ arguments: String..., output: String = "out") async throws -> Outcome {
    try await start(arguments, output: output).outcome()
  }

  func label(_ arguments: [String], output: String) async throws -> Outcome {
    try await start(arguments, output: output).outcome()
  }

  /// Whether the project's own readers take it.
  func expectSound(_ path: String, images: String, count: Int) async throws {
    let found = try await glip("dataset", "inspect", path, "--images", images, "--pictures")
    #expect(found.status == 0 && found.output.contains("\(count), \(count) of them sound"), "\(found.errors)")
  }

  /// What the journals of a folder hold.
  func journals(in folder: String) throws -> String {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: url("\(folder)/journal").path)) ?? []
    return try names.sorted().map {
      try String(contentsOf: url("\(folder)/journal/\($0)"), encoding: .utf8)
    }.joined()
  }

  func lines(in folder: String) -> Int { ((try? journals(in: folder)) ?? "").count { $0 == "\n" } }

  func wait(forLines count: Int, in folder: String) {
    for _ in 0..<12_000 {
      guard lines(in: folder) < count, !exists("\(folder)/statistics.json") else { return }
      usleep(5_000)
    }
  }

  /// Processes that a process has started.
  func children(of process: Int32) throws -> [Int32] {
    try String(contentsOfFile: "/proc/\(process)/task/\(process)/children", encoding: .utf8)
      .split(separator: " ").compactMap { Int32($0) }.sorted()
  }
}
