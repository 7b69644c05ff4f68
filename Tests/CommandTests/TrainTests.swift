import Checkpoints
import Foundation
import GLIP
import Testing
import Torch

/// `glip train` and `glip finetune`, with a network of every part in small.
struct TrainTests {
  @Test func aRunThatWasKilledGoesOnAsIfItHadNotBeen() async throws {
    let workspace = try TrainingWorkspace()
    let whole = try await workspace.glip("train", "--config", "run.yaml", "--output", "whole")
    #expect(whole.status == 0, "\(whole.errors)")
    #expect(whole.output.contains("Finished: whole"))

    let killed = try workspace.start(["train", "--config", "run.yaml", "--output", "killed"])
    // Once a state is there, at whatever step the run then is.
    workspace.wait(for: "killed/checkpoints/state.safetensors", seconds: 60)
    usleep(UInt32.random(in: 0..<200_000))
    kill(killed.process.processIdentifier, SIGKILL)
    #expect(try await killed.outcome().wasKilled)
    let resumed = try await workspace.glip("train", "--output", "killed", "--resume")
    #expect(resumed.status == 0, "\(resumed.errors)")

    for file in ["last.safetensors", "checkpoints/state.safetensors"] {
      #expect(try workspace.arrays("whole/\(file)") == workspace.arrays("killed/\(file)"))
    }
    let again = try await workspace.glip("train", "--config", "run.yaml", "--output", "whole")
    expectRefusal(again, "whole holds a run already")
  }

  @Test func ctrlCSavesAndEnds() async throws {
    let workspace = try TrainingWorkspace(steps: 100_000)
    let run = try workspace.start(["train", "--config", "run.yaml", "--output", "out"])
    workspace.wait(for: "out/checkpoints/state.safetensors", seconds: 60)
    // One that is sent to all processes of a run comes twice, from its launcher, too.
    kill(run.process.processIdentifier, SIGTERM)
    kill(run.process.processIdentifier, SIGINT)
    let outcome = try await run.outcome()
    #expect(outcome.status == 0 && !outcome.wasKilled, "\(outcome.errors)")
    #expect(outcome.output.contains("--resume goes on"))
  }

  @Test func severalProcessesComputeWhatOneDoes() async throws {
    let workspace = try TrainingWorkspace()
    for (name, processes) in [("one", "1"), ("two", "2")] {
      let outcome = try await workspace.glip(
        "train", "--config", "run.yaml", "--output", name, "--processes", processes)
      #expect(outcome.status == 0, "\(outcome.errors)")
      #expect(outcome.output.contains("Finished"))
    }
    let (one, two) = (
      try workspace.arrays("one/last.safetensors"), try workspace.arrays("two/last.safetensors")
    )
    #expect(one.keys == two.keys)
    for (name, bytes) in one {
      let (a, b) = (floats(bytes), floats(try #require(two[name])))
      let scale = a.map(abs).max() ?? 0
      let difference = zip(a, b).map { abs($0 - $1) }.max() ?? 0
      // Adam makes a whole step of the smallest gradient, so that a rounding may turn it.
      #expect(difference <= 1e-3 * max(scale, 1), "\(name): \(difference) of \(scale)")
    }
    let metrics = try ["one", "two"].map { name in
      String(decoding: try workspace.data("\(name)/metrics.jsonl"), as: UTF8.self).split(separator: "\n")
        .count
    }
    #expect(metrics == [6, 6])
  }

  @Test func aLostProcessEndsTheRunAndItCanBeResumed() async throws {
    let workspace = try TrainingWorkspace(steps: 100_000)
    let run = try workspace.start(
      ["train", "--config", "run.yaml", "--output", "out", "--processes", "2"])
    workspace.wait(for: "out/checkpoints/state.safetensors", seconds: 120)
    let children = try workspace.children(of: run.process.processIdentifier)
    #expect(children.count == 2)
    kill(try #require(children.last), SIGKILL)
    let outcome = try await run.outcome()
    #expect(outcome.status == 1 && !outcome.wasKilled)
    #expect(outcome.errors.contains("was ended by signal 9"), "\(outcome.errors)")
    for child in children { #expect(kill(child, 0) == -1) }

    let config = try String(contentsOf: workspace.url("out/config.yaml"), encoding: .utf8)
    try workspace.write(config.replacing("steps: 100000", with: "steps: 1"), to: "short.yaml")
    let resumed = try await workspace.glip(
      "train", "--config", "short.yaml", "--output", "out", "--resume", "--processes", "2")
    #expect(resumed.status == 0, "\(resumed.errors)")
  }

  @Test func fineTuningTakesAFolder() async throws {
    let workspace = try TrainingWorkspace()
    let model = try TinyModel.file().path
    let common = [
      "finetune", "--data", "data", "--model", model, "--min-size", "64", "--max-size", "96", "--epochs", "2",
    ]
    for tune in ["full", "linear", "prompt"] {
      let outcome = try await workspace.start(common + ["--tune", tune, "--output", tune]).outcome()
      #expect(outcome.status == 0, "\(outcome.errors)")
      #expect(workspace.exists("\(tune)/best.safetensors") && workspace.exists("\(tune)/plots/loss.png"))
      let found = try await workspace.glip(
        "detect", "data/images/0.png", "--model", "\(tune)/best.safetensors", "--classes", "cat",
        "--threshold", "0", "--json", "-")
      #expect(found.status == 0, "\(found.errors)")
      // It sees pictures as it was trained on them.
      let same = try await workspace.glip(
        "detect", "data/images/0.png", "--model", "\(tune)/best.safetensors", "--classes", "cat",
        "--threshold", "0", "--json", "-", "--min-size", "64", "--max-size", "96")
      #expect(same.output == found.output)
    }
    for (wrong, reason) in [
      (["--min-size=0"], "--min-size is 0"), (["--min-size=64", "--max-size=-1"], "--max-size is -1"),
    ] {
      let refused = try await workspace.start(
        ["finetune", "--data", "data", "--model", model, "--output", "wrong"] + wrong
      ).outcome()
      expectRefusal(refused, reason, status: 64)
    }
    let shots = try await workspace.start(common + ["--shots", "1", "--output", "shots"]).outcome()
    #expect(shots.status == 0, "\(shots.errors)")
  }

  @Test func fromScratchOnlyTheTextEncoderIsTaken() async throws {
    let workspace = try TrainingWorkspace()
    let file = try TinyModel.file()
    let common = [
      "finetune", "--data", "data", "--model", file.path, "--from-scratch", "--epochs", "1", "--min-size",
      "64",
      "--max-size", "96",
    ]
    let outcome = try await workspace.start(common + ["--learning-rate", "1e-9", "--output", "out"]).outcome()
    #expect(outcome.status == 0, "\(outcome.errors)")
    // At a rate of next to nothing parameters are at the end what they were at the beginning.
    let (before, after) = try (
      Checkpoint(opening: file), Checkpoint(opening: workspace.url("out/last.safetensors"))
    )
    func difference(_ name: String) throws -> Double {
      let pair = try (Tensor(named: name, in: before), Tensor(named: name, in: after))
      return try (pair.0 - pair.1).absolute().maximum([0, 1]).item()
    }
    #expect(
      try difference("language_backbone.body.model.encoder.layer.0.attention.self.query.weight") < 1e-5)
    #expect(try difference("backbone.body.layers.1.blocks.0.attn.qkv.weight") > 1e-3)
    expectRefusal(
      try await workspace.start(common + ["--tune", "linear", "--output", "no"]).outcome(), "--from-scratch",
      status: 64)
  }

  @Test func mistakesAreSaidInASentence() async throws {
    let workspace = try TrainingWorkspace()
    func train(_ arguments: String...) async throws -> Outcome {
      try await workspace.start(["train"] + arguments).outcome()
    }
    expectRefusal(try await train("--output", "out"), "--config is missing", status: 64)
    expectRefusal(try await train("--config", "none.yaml", "--output", "out"), "none.yaml")
    expectRefusal(try await train("--output", "out", "--resume"), "holds no run to resume")
    let text = try String(contentsOf: workspace.url("run.yaml"), encoding: .utf8)
    try workspace.write(text.replacing("steps: 6", with: "step: 6"), to: "slip.yaml")
    expectRefusal(try await train("--config", "slip.yaml", "--output", "out"), "slip.yaml")
    try workspace.write(text.replacing("data/train.json", with: "data/gone.json"), to: "gone.yaml")
    expectRefusal(try await train("--config", "gone.yaml", "--output", "out"), "gone.json")
    expectRefusal(
      try await train("--config", "run.yaml", "--output", "out", "--processes", "3"),
      "cannot be shared by 3 processes")
    expectRefusal(
      try await workspace.glip(
        "train", "--config", "run.yaml", "--output", "out", environment: ["RANK": "0", "WORLD_SIZE": "2"]),
      "MASTER_ADDR")
    #expect(!workspace.exists("out"))
    expectRefusal(
      try await workspace.glip("finetune", "--data", "nowhere", "--output", "out"), "nowhere does not exist")
    #expect(!workspace.exists("out"))
  }

  private func floats(_ bytes: [UInt8]) -> [Float] {
    bytes.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
  }
}

/// A folder with data, a network to begin with and the settings of a run.
private final class TrainingWorkspace {
  private let workspace: Workspace

  init(steps: Int = 6) throws {
    workspace = try Workspace()
    let names = (0..<8).map { "data/images/\($0).png" }
    for name in names { try workspace.pictures(name) }
    for part in ["train", "val"] {
      let images = names.indices.map {
        #"{"id": \#($0 + 1), "file_name": "\#($0).png", "width": 96, "height": 64}"#
      }
      let annotations = names.indices.map { index in
        #"{"id": \#(index + 1), "image_id": \#(index + 1), "category_id": \#(index % 2 + 1), "#
          + #""bbox": [\#(4 * index), \#(3 * index), 40, 30], "area": 1200, "iscrowd": 0}"#
      }
      try workspace.write(
        """
        {"images": [\(images.joined(separator: ","))], "annotations": [\(annotations.joined(separator: ","))],
         "categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "cup"}]}
        """, to: "data/\(part).json")
    }
    // Dropout would be another in every process.
    try workspace.write(
      """
      network:
        sizes:
          swin: {channels: 16, depths: [1, 1, 1, 1], heads: [1, 2, 4, 4], window: 5, dropPath: 0}
          bert: {vocabulary: 30522, width: 64, layers: 1, heads: 1, intermediate: 64, positions: 300, dropout: 0}
          head: {channels: 32, blocks: 1, fusion: true, fusionHeads: 8, fusionWidth: 64, groups: 16, classes: 3,
                 fusionDropout: 0, dropBlock: 0}
      data:
        training:
          - data: {annotations: data/train.json, pictures: data/images}
        augmentation: {shortSides: [64, 48], longestSide: 96}
      optimization: {batch: 4, steps: \(steps), warmUpSteps: 2}
      saveEvery: 2
      logEvery: 1
      """, to: "run.yaml")
  }

  func url(_ path: String) -> URL { workspace.url(path) }
  func exists(_ path: String) -> Bool { workspace.exists(path) }
  func data(_ path: String) throws -> Data { try workspace.data(path) }
  func wait(for name: String, seconds: Int) { workspace.wait(for: name, seconds: seconds) }
  func write(_ text: String, to path: String) throws { try workspace.write(text, to: path) }
  func start(_ arguments: [String]) throws -> RunningCommand { try workspace.start(arguments) }
  func glip(_ arguments: String..., environment: [String: String] = [:]) async throws -> Outcome {
    try await workspace.start(arguments, environment: environment).outcome()
  }

  /// Every array of a safetensors file.
  func arrays(_ path: String) throws -> [String: [UInt8]] {
    let checkpoint = try Checkpoint(opening: url(path))
    return try Dictionary(
      uniqueKeysWithValues: checkpoint.entries.map { entry in
        (entry.name, try Tensor(named: entry.name, in: checkpoint).withBytes { Array($0) })
      })
  }

  /// Processes that a process has started.
  func children(of process: Int32) throws -> [Int32] {
    try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { Int32($0) }.filter { child in
      let status = try? String(contentsOfFile: "/proc/\(child)/stat", encoding: .utf8)
      // "pid (name) state parent …"
      let fields = status?[(status?.lastIndex(of: ")") ?? status!.startIndex)...].split(separator: " ")
      return fields.map { $0.count > 2 && Int32($0[2]) == process } ?? false
    }.sorted()
  }
}
