import Foundation
import Testing

/// Real pictures with boxes, in a folder beside a checkout of the project; `GLIP_SHARED` overrides where it is looked for.
private let realData: URL? = {
  let environment = ProcessInfo.processInfo.environment["GLIP_SHARED"].map { URL(fileURLWithPath: $0) }
  let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  let folder = (environment ?? root.deletingLastPathComponent().appending(path: "shared")).appending(
    path: "data")
  if FileManager.default.fileExists(atPath: folder.path) { return folder }
  print("Skipping evaluation on real pictures: there is no \(folder.path).")
  return nil
}()

/// `glip evaluate` with a small network: what is kept, resumed and shared.
struct EvaluateTests {
  @Test func aNetworkIsMeasuredAndWhatItFoundCanBeMeasuredAgain() async throws {
    let workspace = try EvaluationWorkspace()
    let outcome = try await workspace.run("--data", "val.json", "--results", "out", "--per-class").outcome()
    #expect(outcome.status == 0, "\(outcome.errors)")
    for name in ["AP50", "AR@100", "cat", "cup", "Results: out"] { #expect(outcome.output.contains(name)) }
    let results = try workspace.object("out/results.json")
    #expect(results["pictures"] as? Int == 6 && results["benchmark"] as? String == "coco")
    #expect((results["figures"] as? [String: Any])?.count == 12)
    #expect(try #require(try workspace.figure("AR@100", in: "out")) > 0)
    #expect(try workspace.list("out/detections.json").count > 100)

    let again = try await workspace.evaluate(
      "--data", "val.json", "--detections", "out/detections.json", "--results", "again")
    #expect(again.status == 0, "\(again.errors)")
    for name in ["AP", "AP50", "APm", "AR@1", "AR@100"] {
      #expect(try workspace.figure(name, in: "out") == workspace.figure(name, in: "again"))
    }
    // Without a folder the figures are only printed.
    let printed = try await workspace.run("--data", "val.json").outcome()
    let figures = outcome.output.split(separator: "\n").filter { $0.hasPrefix("  A") }
    #expect(
      figures.count == 12 && printed.output.split(separator: "\n").filter { $0.hasPrefix("  A") } == figures)
  }

  @Test(arguments: [SIGKILL, SIGTERM])
  func anInterruptedEvaluationGoesOnAsIfItHadNotBeen(signal: Int32) async throws {
    let workspace = try EvaluationWorkspace(pictures: 24)
    let whole = try await workspace.run("--data", "val.json", "--results", "whole", side: 256).outcome()
    #expect(whole.status == 0, "\(whole.errors)")

    let stopped = try workspace.run("--data", "val.json", "--results", "stopped", side: 256)
    workspace.wait(forLines: 3, in: "stopped/found/rank-0.jsonl")
    kill(stopped.process.processIdentifier, signal)
    let outcome = try await stopped.outcome()
    #expect(outcome.wasKilled == (signal == SIGKILL))
    if signal != SIGKILL {
      #expect(outcome.status == 0 && outcome.output.contains("--resume goes on"), "\(outcome.output)")
    }
    #expect(!workspace.workspace.exists("stopped/results.json"))
    let done = workspace.lines(in: "stopped/found/rank-0.jsonl")
    #expect(3..<24 ~= done)
    // As if the machine had gone down in the middle of a line.
    try workspace.append("{\"record\":5", to: "stopped/found/rank-0.jsonl")

    let refused = try await workspace.run("--data", "val.json", "--results", "stopped", side: 256).outcome()
    expectRefusal(refused, "an evaluation is there already")
    let resumed = try await workspace.run("--data", "val.json", "--results", "stopped", "--resume", side: 256)
      .outcome()
    #expect(resumed.status == 0, "\(resumed.errors)")
    #expect(workspace.lines(in: "stopped/found/rank-0.jsonl") == 24)
    #expect(try workspace.figures(in: "stopped") == workspace.figures(in: "whole"))
    #expect(
      try workspace.workspace.data("stopped/detections.json")
        == workspace.workspace.data("whole/detections.json"))
  }

  @Test func severalProcessesFindWhatOneDoes() async throws {
    let workspace = try EvaluationWorkspace(pictures: 16)
    let one = try await workspace.run("--data", "val.json", "--results", "one", side: 256).outcome()
    #expect(one.status == 0, "\(one.errors)")
    let two = try await workspace.run("--data", "val.json", "--results", "two", "--processes", "2", side: 256)
      .outcome()
    #expect(two.status == 0, "\(two.errors)")
    #expect(two.output == one.output.replacing("Results: one", with: "Results: two"))
    #expect(workspace.lines(in: "two/found/rank-1.jsonl") == 8)

    // Begun by two, ended by one.
    let begun = try workspace.run("--data", "val.json", "--results", "begun", "--processes", "2", side: 256)
    workspace.wait(forLines: 2, in: "begun/found/rank-1.jsonl")
    kill(begun.process.processIdentifier, SIGTERM)
    let outcome = try await begun.outcome()
    #expect(outcome.status == 0 && !outcome.wasKilled, "\(outcome.errors)")
    let ended = try await workspace.run("--data", "val.json", "--results", "begun", "--resume", side: 256)
      .outcome()
    #expect(ended.status == 0, "\(ended.errors)")
    for name in ["two", "begun"] {
      #expect(try workspace.figures(in: name) == workspace.figures(in: "one"))
      #expect(
        try workspace.workspace.data("\(name)/detections.json")
          == workspace.workspace.data("one/detections.json"))
    }
  }

  @Test func anEvaluationIsResumedAsItWasBegunOnly() async throws {
    let workspace = try EvaluationWorkspace(pictures: 3)
    let common = ["--data", "val.json", "--results", "out"]
    let begun = try await workspace.workspace.start(
      ["evaluate"] + EvaluationWorkspace.network() + common
    ).outcome()
    #expect(begun.status == 0, "\(begun.errors)")
    func resume(_ network: [String], _ more: String...) async throws -> Outcome {
      try await workspace.workspace.start(["evaluate"] + network + common + ["--resume"] + more).outcome()
    }
    let network = try EvaluationWorkspace.network()
    // Everything is done: only the figures are taken again.
    #expect(try await resume(network).status == 0)
    expectRefusal(
      try await resume(network.map { $0 == "64" ? "32" : $0 }),
      "was begun with size 64 by at most 96 pixels, not 32 by at most 96 pixels")
    expectRefusal(
      try await resume(network, "--precision", "fp32", "--chunk", "1"), "classes per text any, not 1")
    try workspace.workspace.write("cat: a small animal", to: "knowledge.yaml")
    expectRefusal(try await resume(network, "--knowledge", "knowledge.yaml"), "was begun with prompt")
    try workspace.json(EvaluationWorkspace.detectionData(pictures: 2), to: "val.json")
    expectRefusal(try await resume(network), "was begun with data")
    try workspace.json(EvaluationWorkspace.detectionData(pictures: 3), to: "val.json")
    let path = "out/found/rank-0.jsonl"
    let text = String(decoding: try workspace.workspace.data(path), as: UTF8.self)
    try workspace.workspace.write(text.replacing("\"id\":\"999\"", with: "\"id\":\"7\""), to: path)
    expectRefusal(try await resume(network), "is not one of val.json")
    try workspace.workspace.write(text.replacing("\"found\":[", with: "\"found\":[[1],"), to: path)
    expectRefusal(try await resume(network), "rank-0.jsonl", "line 1")
    expectRefusal(
      try await workspace.run("--data", "val.json", "--results", "new", "--resume").outcome(),
      "there is no evaluation to resume")
    expectRefusal(
      try await workspace.run("--data", "val.json", "--resume").outcome(), "--resume needs --results",
      status: 64)
    expectRefusal(
      try await workspace.run("--data", "val.json", "--processes", "2").outcome(), "need --results",
      status: 64)
  }

  @Test(
    .enabled(if: realData != nil),
    arguments: ["raccoon/test.json", "bccd/val.json", "coco/instances_val2017.json"])
  func realPicturesAreMeasured(path: String) async throws {
    let workspace = try EvaluationWorkspace(pictures: 0)
    let folder = try #require(realData)
    var arguments = ["--data", folder.appending(path: path).path, "--limit", "12"]
    if path.hasPrefix("coco") { arguments += ["--images", folder.appending(path: "coco/val2017").path] }
    let network = try EvaluationWorkspace.network()
    let run = try await workspace.workspace.start(
      ["evaluate"] + network + arguments + ["--results", "out"]
    ).outcome()
    #expect(run.status == 0 && run.output.contains("coco, 12 pictures"), "\(run.errors)")
    let again = try await workspace.workspace.start(
      ["evaluate"] + arguments + ["--detections", "out/detections.json", "--results", "again"]
    ).outcome()
    #expect(again.status == 0, "\(again.errors)")
    for name in ["AP", "AP50", "AR@100"] {
      #expect(try workspace.figure(name, in: "out") == workspace.figure(name, in: "again"))
    }
  }

  @Test func whatIsWrongWithTheDataIsSaidInASentence() async throws {
    let workspace = try EvaluationWorkspace()
    func expect(_ arguments: [String], _ parts: String, location: SourceLocation = #_sourceLocation)
      async throws
    {
      let outcome = try await workspace.workspace.start(
        ["evaluate"] + EvaluationWorkspace.network() + arguments
      ).outcome()
      expectRefusal(outcome, parts, location: location)
    }
    try await expect(["--data", "none.json"], "none.json does not exist")
    try await expect(["--data", "val.json", "--classes", "cat, zebra"], "has no class 'zebra'")
    try await expect(["--data", "val.json", "--protocol", "lvis"], "no frequencies of classes")
    try await expect(["--data", "val.json", "--protocol", "flickr"], "has classes, not captions")
    var data = EvaluationWorkspace.detectionData(pictures: 6)
    let perfect = EvaluationWorkspace.perfectDetections(of: data)
    func detections(_ change: (inout [[String: Any]]) -> Void) throws -> [String] {
      var changed = perfect
      change(&changed)
      try workspace.json(changed, to: "found.json")
      return ["--data", "val.json", "--detections", "found.json"]
    }
    try await expect(try detections { $0[3]["image_id"] = 5 }, "detection 3: the ground truth has no image 5")
    try await expect(try detections { $0[3]["category_id"] = 5 }, "has no category 5")
    try await expect(try detections { $0[3]["score"] = nil }, "there is no 'score'")
    try await expect(["--data", "val.json", "--detections", "val.json"], "not a ground truth")
    try await expect(["--data", "val.json", "--detections", "gone.json"], "gone.json")

    data["images"] = [[String: Any]]()
    data["annotations"] = [[String: Any]]()
    try workspace.json(data, to: "empty.json")
    try await expect(["--data", "empty.json"], "has no picture")
    data["images"] = [EvaluationWorkspace.image(0)]
    try workspace.json(data, to: "nothing.json")
    try await expect(["--data", "nothing.json", "--images", "images"], "has no object to be found")
    try workspace.json(CaptionedData(pictures: 2).grounding, to: "captions.json")
    try await expect(["--data", "captions.json", "--protocol", "coco"], "has captions, not classes")
    try await expect(["--data", "captions.json", "--protocol", "refcoco"], "an expression refers to one")
    try FileManager.default.removeItem(at: workspace.workspace.url("images/4.png"))
    try await expect(["--data", "val.json"], "4.png cannot be read")
    let skipped = try await workspace.run("--data", "val.json", "--skip").outcome()
    #expect(skipped.status == 0 && skipped.output.contains("coco, 5 pictures"), "\(skipped.errors)")
    #expect(skipped.errors.contains("4.png"))
  }
}

extension EvaluationWorkspace {
  func lines(in path: String) -> Int {
    ((try? workspace.data(path)) ?? Data()).count { $0 == UInt8(ascii: "\n") }
  }

  /// Waits on this very thread: other tests keep the tasks' threads busy.
  func wait(forLines count: Int, in path: String) {
    for _ in 0..<6000 {
      if lines(in: path) >= count { return }
      usleep(10_000)
    }
  }

  func append(_ text: String, to path: String) throws {
    let file = try FileHandle(forWritingTo: workspace.url(path))
    try file.seekToEnd()
    try file.write(contentsOf: Data(text.utf8))
    try file.close()
  }
}
