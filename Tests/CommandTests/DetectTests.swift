import Foundation
import Pictures
import Testing

/// Pictures in, tables, pictures and JSON out.
struct DetectTests {
  @Test func whatIsFoundIsATableAJSONFileAndAPicture() async throws {
    let workspace = try Workspace()
    try workspace.pictures("a.jpg")
    let outcome = try await workspace.detect("a.jpg", "--output", "boxes.png", "--json", "new/found.json")
    #expect(outcome.status == 0 && outcome.errors == "")
    let lines = outcome.output.split(separator: "\n").map(String.init)
    try #require(lines.count == 6, "\(outcome.output)")
    #expect(lines[0] == "a.jpg: 3 found")
    #expect(lines[1].split(separator: " ") == ["label", "score", "x", "y", "width", "height"])
    #expect(Set(lines[1...4].map(\.count)).count == 1)
    #expect(lines[5] == "Annotated pictures: boxes.png")

    let found = try Found.list(workspace.data("new/found.json"))
    #expect(found.count == 3)
    #expect(found.map(\.score) == found.map(\.score).sorted(by: >))
    for one in found {
      #expect(one.file == "a.jpg" && one.image_id == 1)
      #expect(one.label == ["cat", "cup"][one.category_id - 1])
      #expect(one.span == [[0, 3], [5, 8]][one.category_id - 1])
      #expect(one.bbox.count == 4 && one.bbox[0] + one.bbox[2] <= 97 && one.bbox[1] + one.bbox[3] <= 65)
    }
    let plain = try Picture(contentsOf: workspace.url("a.jpg"))
    let annotated = try Picture(contentsOf: workspace.url("boxes.png"))
    #expect(annotated.width == 96 && annotated.height == 64 && annotated != plain)
    #expect(try workspace.contents == ["a.jpg", "boxes.png", "new", "new/found.json"])
  }

  @Test func jsonOnTheStandardOutputStandsAlone() async throws {
    let workspace = try Workspace()
    try workspace.pictures("a.png", "b.png")
    let outcome = try await workspace.detect("a.png", "b.png", "--json", "-", "--output", "out")
    #expect(outcome.status == 0)
    #expect(try Found.list(outcome.output).map(\.image_id) == [1, 1, 1, 2, 2, 2])
    #expect(outcome.errors == "")
    let nothing = try await workspace.detect("a.png", "--threshold", "1", "--json", "-")
    #expect(nothing.output == "[]\n")
  }

  /// What `make demo` does, with the model in the box, on a scene of things it has learnt in a place it has never seen.
  @Test func theModelInTheBoxFindsWhatIsInTheSampleScene() async throws {
    let workspace = try Workspace()
    let scene = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appending(path: "../../Examples/pictures/scene.jpg").standardizedFileURL
    let truth =
      [
        "a llama": [40, 75, 120, 102], "a grey heart": [176, 201, 93, 83],
        "a curling stone": [185, 337, 120, 121],
      ] as [String: [Double]]
    let arguments = [
      "detect", scene.path, "--caption", "[a llama] above [a grey heart] and [a curling stone]", "--json",
      "-",
    ]
    for precision in ["fp32", "bf16"] {
      let outcome = try await workspace.start(arguments + ["--precision", precision]).outcome()
      #expect(outcome.status == 0 && outcome.sentences.count == 1 && outcome.errors.contains("glip-nano"))
      let found = try Found.list(outcome.output)
      #expect(found.map(\.label).sorted() == truth.keys.sorted())
      for one in found { #expect(overlap(one.bbox, try #require(truth[one.label])) > 0.6, "\(one)") }
    }
    let named = try await workspace.start(arguments + ["--model", "glip-nano"]).outcome()
    #expect(named.status == 0 && named.errors == "")
    #expect(try await workspace.glip("models").output.contains("glip-nano.safetensors"))
  }

  /// Intersection over union of boxes as x, y, width, height.
  private func overlap(_ a: [Double], _ b: [Double]) -> Double {
    let width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    let height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    let shared = max(width, 0) * max(height, 0)
    return shared / (a[2] * a[3] + b[2] * b[3] - shared)
  }

  @Test func foldersPatternsAndFilesAreTaken() async throws {
    let workspace = try Workspace()
    try workspace.pictures("d/b.png", "d/a.jpg", "d/.hidden.png", "d/sub/c.png", "e/a.jpg", "e/x.png")
    try workspace.write("not a picture", to: "d/notes.txt")
    func files(_ outcome: Outcome) -> [String] {
      outcome.output.split(separator: "\n").filter { $0.hasSuffix("3 found") }
        .map { String($0.prefix { $0 != ":" }) }
    }
    #expect(files(try await workspace.detect("d")) == ["d/a.jpg", "d/b.png"])
    #expect(files(try await workspace.detect("d", "--recursive")) == ["d/a.jpg", "d/b.png", "d/sub/c.png"])
    #expect(files(try await workspace.detect("*/*.jpg", "e/x.png")) == ["d/a.jpg", "e/a.jpg", "e/x.png"])

    let outcome = try await workspace.detect("d", "e", "--recursive", "--output", "out")
    #expect(outcome.status == 0)
    let written = try workspace.contents.filter { $0.hasPrefix("out/") && $0 != "out/sub" }
    #expect(written == ["out/a-2.jpg", "out/a.jpg", "out/b.png", "out/sub/c.png", "out/x.png"])
  }

  @Test func aNameMayBeAsShortAsCanBe() async throws {
    let workspace = try Workspace()
    try workspace.pictures("p.png")
    try FileManager.default.moveItem(at: workspace.url("p.png"), to: workspace.url("p"))
    let outcome = try await workspace.detect("p", "--output", "o", "--json", "j")
    #expect(outcome.status == 0 && outcome.errors == "")
    #expect(try workspace.contents == ["j", "o", "o/p.png", "p"])
    let next = try await workspace.detect("./p", "--output", "o/", "--json", "o//j")
    #expect(next.status == 0 && next.errors == "")
    #expect(try workspace.contents == ["j", "o", "o/j", "o/p.png", "p"])
  }

  @Test func nothingToWorkOnIsSaid() async throws {
    let workspace = try Workspace()
    try workspace.write("", to: "empty/notes.txt")
    expectRefusal(try await workspace.detect("empty"), "empty holds no picture")
    expectRefusal(try await workspace.detect("nothing/*.jpg"), "nothing/*.jpg")
    expectRefusal(try await workspace.detect("absent.jpg"), "absent.jpg cannot be read: no such file")
    expectRefusal(try await workspace.glip("detect", "--classes", "cat"), "<pictures>", status: 64)
  }

  @Test func theOtherPicturesOfABatchAreStillDone() async throws {
    let workspace = try Workspace()
    try workspace.pictures("good.jpg", "last.png")
    let whole = try workspace.data("good.jpg")
    try workspace.write(whole.prefix(whole.count * 2 / 3), to: "truncated.jpg")
    try workspace.write("", to: "nothing.jpg")
    try workspace.write("only words", to: "text.jpg")
    try workspace.write(Self.hugeHeader, to: "huge.png")
    let broken = ["truncated.jpg", "nothing.jpg", "text.jpg", "huge.png", "absent.jpg"]
    let outcome = try await workspace.start(
      ["detect"] + broken + [
        "good.jpg", "last.png", "--classes", "cat", "--model", TinyModel.file().path, "--threshold", "0",
        "--min-size", "64", "--max-detections", "1", "--output", "out", "--json", "found.json",
      ]
    ).outcome()
    #expect(outcome.status == 1 && !outcome.wasKilled)
    #expect(outcome.sentences.count == broken.count + 1)
    for (name, sentence) in zip(broken, outcome.sentences) {
      #expect(sentence.hasPrefix("glip: \(name) ") && isSentence(sentence))
    }
    #expect(outcome.sentences.last == "glip: 5 of 7 pictures could not be done.")
    #expect(try Found.list(workspace.data("found.json")).map(\.image_id) == [6, 7])
    #expect(try workspace.contents.filter { $0.hasPrefix("out/") } == ["out/good.jpg", "out/last.png"])

    let failure = try await workspace.detect("text.jpg", "--output", "x.png", "--json", "x.json")
    expectRefusal(failure, "text.jpg is not a picture")
    #expect(!workspace.exists("x.png") && !workspace.exists("x.json"))
  }

  @Test func labelsOfEveryScriptKeepTheColumns() async throws {
    let workspace = try Workspace()
    try workspace.pictures("a.png")
    let outcome = try await workspace.detect(
      "a.png", "--classes", "猫, cat, 🐈", "--nms", "0.9", "--max-detections", "30", classes: false)
    #expect(outcome.status == 0)
    let lines = outcome.output.split(separator: "\n").dropFirst()
    let widths = lines.map { line in line.count + line.filter { "猫🐈".contains($0) }.count }
    #expect(widths.count > 1 && Set(widths).count == 1)
    #expect(outcome.output.contains("猫") || outcome.output.contains("🐈"))
  }

  @Test func aClosedPipeIsAQuietEnd() async throws {
    let workspace = try Workspace()
    try workspace.pictures("a.png", "b.png")
    let pipe = Pipe()
    try pipe.fileHandleForReading.close()
    let arguments = ["detect", "a.png", "b.png", "--classes", "cat", "--model", try TinyModel.file().path]
    let outcome = try await workspace.start(
      arguments + ["--min-size", "64"], output: pipe.fileHandleForWriting
    ).outcome()
    #expect(outcome.errors == "")
    #expect(outcome.wasKilled && outcome.status == SIGPIPE || !outcome.wasKilled && outcome.status == 1)
  }

  @Test func aFullDeviceIsSaid() async throws {
    let workspace = try Workspace()
    try workspace.pictures("a.png")
    let full = try FileHandle(forWritingTo: URL(fileURLWithPath: "/dev/full"))
    let arguments = ["detect", "a.png", "--classes", "cat", "--model", try TinyModel.file().path]
    let outcome = try await workspace.start(
      arguments + ["--min-size", "64", "--json", "-"], output: full
    ).outcome()
    expectRefusal(outcome, "standard output cannot be written")
  }

  @Test func anInterruptionLeavesNoHalfWrittenFile() async throws {
    let workspace = try Workspace()
    try workspace.pictures("a.png")
    let model = try TinyModel.file().path
    let running = try workspace.start(
      ["detect"] + Array(repeating: "a.png", count: 2000) + [
        "--classes", "cat", "--model", model, "--min-size", "64", "--output", "out", "--json", "found.json",
      ])
    workspace.wait(for: "out/a-3.png", seconds: 20)
    running.process.interrupt()
    let outcome = try await running.outcome()
    #expect(outcome.wasKilled && outcome.status == SIGINT)
    let written = try workspace.contents.filter { $0.hasPrefix("out/") }
    #expect((1..<2000).contains(written.count))
    for path in written { #expect((try? Picture(contentsOf: workspace.url(path))) != nil, "\(path)") }
    #expect(!workspace.exists("found.json"))
  }

  /// A PNG file that claims to be 60,000 pixels wide and high.
  private static let hugeHeader = Data(
    [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13] + Array("IHDR".utf8)
      + [0, 0, 0xEA, 0x60, 0, 0, 0xEA, 0x60, 8, 2, 0, 0, 0, 0, 0, 0, 0])
}
