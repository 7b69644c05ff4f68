import Foundation
import Pictures
import Testing
import Video

/// `glip detect` on videos.
@Suite(.enabled(if: VideoWorkspace.canMakeVideos, "ffmpeg is not installed"))
struct VideoTests {
  @Test func whatIsFoundIsATableAJSONFileAndAVideo() async throws {
    let workspace = try VideoWorkspace()
    let outcome = try await workspace.detect("clip.mp4", "--output", "new/found.mp4", "--json", "found.json")
    #expect(outcome.status == 0 && outcome.errors == "", "\(outcome.errors)")
    let lines = outcome.output.split(separator: "\n").map(String.init)
    #expect(lines.first == "clip.mp4: 20 frames, 2.00 s" && lines.last == "Annotated video: new/found.mp4")
    try #require(lines.count > 3, "\(outcome.output)")
    #expect(lines[1].split(separator: " ").starts(with: ["label", "frames", "best", "score"]))

    let records = try workspace.records("found.json")
    #expect(records.count == 60 && Set(records.map(\.keys)) == [VideoWorkspace.keys])
    #expect(records.map(\.frame) == (1...20).flatMap { [$0, $0, $0] })
    #expect(records.allSatisfy { $0.image == $0.frame && $0.file == "clip.mp4" })
    #expect(records.allSatisfy { $0.time == Double($0.frame - 1) / 10 })
    // The table is of the same frames.
    for row in lines[2..<(lines.count - 1)] {
      let cells = row.split(separator: " ").map(String.init)
      let own = records.filter { $0.label == cells[0] }
      #expect(Int(cells[1]) == Set(own.map(\.frame)).count)
      #expect(cells[2] == String(format: "%.3f", own.map(\.score).max() ?? -1))
      #expect(cells[3] == String(format: "%.2f", own.first?.time ?? -1))
      #expect(cells[4] == String(format: "%.2f", own.last?.time ?? -1))
    }

    let (plain, annotated) = (try workspace.frames("clip.mp4"), try workspace.frames("new/found.mp4"))
    #expect(annotated.count == 20 && annotated.allSatisfy { $0.width == 98 && $0.height == 66 })
    #expect(zip(plain, annotated).allSatisfy { $0 != $1 })
    #expect(try workspace.workspace.contents == ["clip.mp4", "found.json", "new", "new/found.mp4"])
  }

  @Test func framesAreFoundInAsPicturesAre() async throws {
    let workspace = try VideoWorkspace()
    try workspace.frames("clip.mp4")[6].write(to: workspace.workspace.url("six.png"))
    #expect(try await workspace.detect("clip.mp4", "--json", "video.json").status == 0)
    #expect(try await workspace.detect("six.png", "--json", "picture.json").status == 0)
    let frame = try workspace.records("video.json").filter { $0.frame == 7 }
    let picture = try Found.list(workspace.workspace.data("picture.json"))
    #expect(frame.map(\.bbox) == picture.map(\.bbox) && frame.map(\.score) == picture.map(\.score))
  }

  @Test func fewerFramesASecondAreLookedAt() async throws {
    let workspace = try VideoWorkspace()
    let outcome = try await workspace.detect("clip.mp4", "--fps", "5", "--output", "out", "--json", "-")
    #expect(outcome.status == 0 && outcome.errors == "", "\(outcome.errors)")
    let records = try VideoWorkspace.records(Data(outcome.output.utf8))
    #expect(records.map(\.frame) == (1...10).flatMap { [$0, $0, $0] })
    #expect(records.last?.time == 1.8)
    let reader = try VideoReader(contentsOf: workspace.workspace.url("out/clip.mp4"))
    #expect(reader.framesPerSecond == 5 && reader.expectedFrames == 10)
  }

  @Test func nothingFoundIsSaid() async throws {
    let workspace = try VideoWorkspace()
    let outcome = try await workspace.detect("clip.mp4", "--threshold", "1", "--json", "found.json")
    #expect(outcome.status == 0 && outcome.output == "clip.mp4: nothing found in 20 frames, 2.00 s\n")
    #expect(try workspace.records("found.json").isEmpty)
  }

  @Test func whatCannotBeDoneIsSaidBeforeTheWork() async throws {
    let workspace = try VideoWorkspace()
    try workspace.workspace.pictures("a.png")
    try workspace.workspace.write("", to: "notes")
    let before = try workspace.workspace.contents
    expectRefusal(
      try await workspace.detect("a.png", "clip.mp4"), "clip.mp4 is a video; give one video alone")
    expectRefusal(try await workspace.detect("*.*"), "clip.mp4 is a video")
    expectRefusal(try await workspace.detect("a.png", "--fps", "5"), "--fps is for videos")
    expectRefusal(try await workspace.detect("clip.mp4", "--fps", "0"), "--fps is 0.0", status: 64)
    expectRefusal(try await workspace.detect("clip.mp4", "--fps", "nan"), "--fps is nan", status: 64)
    expectRefusal(try await workspace.detect("clip.mp4", "--output", "x.png"), "neither a folder nor a .mp4")
    expectRefusal(try await workspace.detect("clip.mp4", "--output", "notes"), "neither a folder nor a .mp4")
    expectRefusal(try await workspace.detect("a.png", "--output", "x.mp4"), "neither a folder nor a .png")
    for output in [["--output", "clip.mp4"], ["--output", "."], ["--json", "clip.mp4"]] {
      let outcome = try await workspace.start(["clip.mp4"] + output).outcome()
      expectRefusal(outcome, "clip.mp4 is one of the files that are read")
    }
    expectRefusal(try await workspace.detect("absent.mp4"), "absent.mp4 cannot be read: no such file")
    let without = try workspace.start(["clip.mp4"], environment: ["PATH": "/nonexistent"])
    expectRefusal(try await without.outcome(), "ffmpeg is not installed", "apt install ffmpeg")
    #expect(try workspace.workspace.contents == before)
  }

  @Test func ofACutOffVideoTheWholePartIsDone() async throws {
    let workspace = try VideoWorkspace()
    try workspace.makeVideo("whole.mkv", options: ["-c:v", "mjpeg"])
    let whole = try workspace.workspace.data("whole.mkv")
    try workspace.workspace.write(whole.prefix(whole.count * 2 / 3), to: "cut.mkv")
    let outcome = try await workspace.detect("cut.mkv", "--output", "out", "--json", "found.json")
    #expect(outcome.status == 1 && outcome.sentences.count == 1 && isSentence(outcome.errors))
    #expect(outcome.errors.contains("cut.mkv is damaged or cut off"))
    let frames = Set(try workspace.records("found.json").map(\.frame)).count
    #expect((5..<20).contains(frames))
    #expect(try workspace.frames("out/cut.mp4").count == frames)

    try workspace.workspace.write("no video", to: "words.mp4")
    let failure = try await workspace.detect("words.mp4", "--output", "out", "--json", "words.json")
    expectRefusal(failure, "words.mp4 cannot be read: ffmpeg says '")
    #expect(!workspace.workspace.exists("words.json") && !workspace.workspace.exists("out/words.mp4"))
  }

  @Test func anInterruptionKeepsWhatIsDone() async throws {
    let workspace = try VideoWorkspace()
    try workspace.makeVideo("long.mp4", seconds: 400)
    let running = try workspace.start(["long.mp4", "--output", "found.mp4", "--json", "found.json"])
    workspace.waitForTemporaryFile()
    running.process.interrupt()
    let outcome = try await running.outcome()
    #expect(outcome.status == 1 && !outcome.wasKilled)
    #expect(outcome.sentences.count == 1 && isSentence(outcome.errors), "\(outcome.errors)")
    let frames = Set(try workspace.records("found.json").map(\.frame)).count
    #expect((1..<4000).contains(frames))
    #expect(outcome.errors.contains("Interrupted; of long.mp4 \(frames) frames are done"))
    #expect(try workspace.frames("found.mp4").count == frames)
    #expect(try workspace.workspace.contents == ["clip.mp4", "found.json", "found.mp4", "long.mp4"])
    #expect(!workspace.isStillWorkedOn("found.mp4"))
  }

  @Test func aSecondInterruptionEndsItAtOnce() async throws {
    let workspace = try VideoWorkspace()
    try workspace.makeVideo("long.mp4", seconds: 400)
    let running = try workspace.start(["long.mp4", "--output", "found.mp4", "--json", "found.json"])
    workspace.waitForTemporaryFile()
    running.process.interrupt()
    running.process.terminate()
    let outcome = try await running.outcome()
    // On a busy machine the second may come when the first has been obeyed.
    #expect(outcome.wasKilled ? outcome.status == SIGTERM : outcome.status == 1)
    #expect(try workspace.workspace.contents.allSatisfy { !$0.hasPrefix(".") })
    #expect(!outcome.wasKilled || !workspace.workspace.exists("found.mp4"))
    #expect(!workspace.isStillWorkedOn("found.mp4"))
  }
}

/// A folder with a video of 20 frames, two seconds long.
private struct VideoWorkspace {
  static let keys: Set = Found.keys.union(["frame", "time"])
  static let canMakeVideos = (try? ffmpeg(["-version"], in: nil)) != nil

  let workspace: Workspace

  init() throws {
    workspace = try Workspace()
    try makeVideo("clip.mp4")
  }

  func makeVideo(_ name: String, seconds: Int = 2, options: [String] = ["-c:v", "libx264"]) throws {
    let source = "testsrc=size=98x66:rate=10:duration=\(seconds)"
    try Self.ffmpeg(["-f", "lavfi", "-i", source] + options + ["-y", name], in: workspace.folder)
  }

  private static func ffmpeg(_ arguments: [String], in folder: URL?) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["ffmpeg", "-nostdin", "-v", "error"] + arguments
    process.currentDirectoryURL = folder
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0)
  }

  func detect(_ arguments: String...) async throws -> Outcome { try await start(arguments).outcome() }

  func start(_ arguments: [String], environment: [String: String] = [:]) throws -> RunningCommand {
    let common = [
      "detect", "--model", try TinyModel.file().path, "--classes", "cat, cup", "--min-size", "64",
      "--max-size",
      "128", "--max-detections", "3",
    ]
    let threshold = arguments.contains("--threshold") ? [] : ["--threshold", "0"]
    return try workspace.start(common + threshold + arguments, environment: environment)
  }

  func frames(_ name: String) throws -> [Picture] {
    let reader = try VideoReader(contentsOf: workspace.url(name))
    var frames: [Picture] = []
    while let frame = try reader.next() { frames.append(frame) }
    return frames
  }

  /// Until the first frame has been written.
  func waitForTemporaryFile() {
    for _ in 0..<6000 {
      guard (try? workspace.contents.contains { $0.hasPrefix(".") }) == false else { return }
      usleep(10_000)
    }
  }

  /// Whether a process still has the file's name among its arguments, after some time for it to end.
  func isStillWorkedOn(_ name: String) -> Bool {
    let path = workspace.url(".\(name)").path
    for _ in 0..<500 {
      let processes = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
      let isNamed = processes.contains { process in
        let command = FileManager.default.contents(atPath: "/proc/\(process)/cmdline") ?? Data()
        return String(decoding: command, as: UTF8.self).contains(path)
      }
      guard isNamed else { return false }
      usleep(10_000)
    }
    return true
  }

  struct Record {
    let keys: Set<String>
    let file: String
    let label: String
    let image: Int
    let frame: Int
    let time: Double
    let score: Double
    let bbox: [Double]
  }

  func records(_ name: String) throws -> [Record] { try Self.records(workspace.data(name)) }

  static func records(_ data: Data) throws -> [Record] {
    try #require(try JSONSerialization.jsonObject(with: data) as? [[String: Any]]).map { object in
      Record(
        keys: Set(object.keys), file: try #require(object["file"] as? String),
        label: try #require(object["label"] as? String), image: try #require(object["image_id"] as? Int),
        frame: try #require(object["frame"] as? Int), time: try #require(object["time"] as? Double),
        score: try #require(object["score"] as? Double), bbox: try #require(object["bbox"] as? [Double]))
    }
  }
}
