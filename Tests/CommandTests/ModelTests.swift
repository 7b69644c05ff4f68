import Checkpoints
import Foundation
import GLIP
import Testing
import Torch

/// Checkpoints: good, foreign and hostile ones.
struct ModelTests {
  @Test func aFileThatIsNoCheckpointIsRefused() async throws {
    let workspace = try Workspace()
    try workspace.pictures("a.png")
    try workspace.write("words", to: "text.pth")
    try workspace.write("", to: "empty.safetensors")
    try workspace.write(try TorchFile.calling("os", "system", with: "touch executed"), to: "hostile.pth")
    try workspace.write(
      Data([255, 255, 255, 255, 255, 255, 255, 127]) + Data("{}".utf8), to: "long.safetensors")
    try SafetensorsWriter.write(
      [SafetensorsWriter.Array("weight", Tensor.zeros([2]))], to: workspace.url("other.safetensors"))
    for file in [
      "text.pth", "empty.safetensors", "hostile.pth", "long.safetensors", "other.safetensors", "a.png",
      "absent.pth", ".",
    ] {
      let name = workspace.url(file).standardizedFileURL.lastPathComponent
      expectRefusal(
        try await workspace.glip("detect", "a.png", "--classes", "cat", "--model", file, "--json", "-"), name)
      expectRefusal(try await workspace.glip("inspect", file), name)
      expectRefusal(try await workspace.glip("convert", file, "new/out.safetensors"), name)
    }
    #expect(!workspace.exists("executed") && !workspace.exists("new"))
  }

  @Test func aModelThatWasNotFetchedIsSaid() async throws {
    let workspace = try Workspace()
    try workspace.pictures("a.png")
    let hint = "glip models pull glip-t'"
    expectRefusal(
      try await workspace.glip("detect", "a.png", "--classes", "cat", "--model", "glip-t"), hint)
    expectRefusal(try await workspace.glip("inspect", "glip-t"), hint)
  }

  @Test(arguments: [("fp32", ScalarType.float32), ("fp16", .float16), ("bf16", .bfloat16)])
  func aTrainingCheckpointBecomesSafetensors(name: String, type: ScalarType) async throws {
    let workspace = try Workspace()
    try workspace.pictures("a.png")
    try workspace.write(try TorchFile.training(TinyModel.parameters()), to: "m.pth")
    let outcome = try await workspace.glip("convert", "m.pth", "m.safetensors", "--dtype", name)
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.sentences.count == 1 && outcome.errors.contains("'surplus.weight'"))
    #expect(outcome.output.hasPrefix("m.safetensors: ") && outcome.output.hasSuffix(", \(name)\n"))

    let checkpoint = try Checkpoint(opening: workspace.url("m.safetensors"))
    // What is small and matters more stays float32.
    let types = try TinyModel.parameters().all.map { ($0.name, $0.isMatrix ? type : .float32) }
    let written = checkpoint.entries.map { ($0.name, $0.type) }
    #expect(Dictionary(uniqueKeysWithValues: written) == Dictionary(uniqueKeysWithValues: types))
    let text = try #require(checkpoint.metadata[ModelFile.configurationKey])
    #expect(
      try JSONDecoder().decode(GLIPConfiguration.self, from: Data(text.utf8)) == TinyModel.configuration)
    #expect(try workspace.contents == ["a.png", "m.pth", "m.safetensors"])

    let arguments = ["a.png", "--classes", "cat", "--min-size", "64", "--threshold", "0", "--json", "-"]
    let found = try await workspace.start(
      ["detect", "--model", "m.safetensors"] + arguments
    ).outcome()
    #expect(try !Found.list(found.output).isEmpty)
    if type == .float32 {
      let original = try await workspace.start(
        ["detect", "--model", TinyModel.file().path] + arguments
      ).outcome()
      #expect(found.output == original.output && found.errors == "")
    }
  }

  @Test func whatSeesPicturesCanBeWrittenAlone() async throws {
    let workspace = try Workspace()
    let model = try TinyModel.file()
    let outcome = try await workspace.glip(
      "convert", model.path, "encoder.safetensors", "--picture-side")
    #expect(outcome.status == 0, "\(outcome.errors)")
    let (whole, part) = try (
      Checkpoint(opening: model), Checkpoint(opening: workspace.url("encoder.safetensors"))
    )
    let names = Set(part.entries.map(\.name))
    #expect(names.isStrictSubset(of: whole.entries.map(\.name)))
    #expect(names.isSuperset(of: whole.entries.map(\.name).filter { $0.hasPrefix("backbone.") }))
    #expect(names.contains("rpn.head.bbox_pred.weight") && names.contains { $0.contains("layer_norm_v") })
    for words in ["language_backbone", "attention.self", "gamma_", "v_proj"] {
      #expect(!names.contains { $0.contains(words) }, "\(words)")
    }
    // It is not taken for a network.
    expectRefusal(try await workspace.glip("inspect", "encoder.safetensors"), "encoder.safetensors")
  }

  @Test func aConversionThatCannotBeIsRefused() async throws {
    let workspace = try Workspace()
    let parameters = try TinyModel.parameters()
    try workspace.write(try TorchFile.training(parameters, without: "rpn.head.log_scale"), to: "less.pth")
    try workspace.write(Data(contentsOf: TinyModel.file()), to: "m.safetensors")
    expectRefusal(
      try await workspace.glip("convert", "less.pth", "out.safetensors"), "less.pth", "'rpn.head.log_scale'")
    expectRefusal(try await workspace.glip("convert", "m.safetensors", "./m.safetensors"), "that are read")
    expectRefusal(
      try await workspace.glip("convert", "m.safetensors", "m.pth"), "should end in .safetensors", status: 64)
    expectRefusal(
      try await workspace.glip("convert", "m.safetensors", "less.pth/out.safetensors"), "less.pth")
    expectRefusal(
      try await workspace.glip("convert", "m.safetensors", "o.safetensors", "--preset", "glip-l"),
      "m.safetensors", "shape")
    #expect(try workspace.contents == ["less.pth", "m.safetensors"])
  }

  @Test func anInspectionTellsWhatIsThereAndWhatIsNot() async throws {
    let workspace = try Workspace()
    let good = try await workspace.glip("inspect", TinyModel.file().path, "--all")
    #expect(good.status == 0 && good.errors == "")
    for text in ["none of the published ones", "\"channels\" : 16", "rpn.head.log_scale", "Total: "] {
      #expect(good.output.contains(text), "\(text)")
    }
    try workspace.write(
      try TorchFile.training(TinyModel.parameters(), without: "rpn.head.log_scale"), to: "less.pth")
    let less = try await workspace.glip("inspect", "less.pth")
    #expect(less.status == 1)
    #expect(less.output.contains("Not part of the network: 1\n  surplus.weight\n"))
    #expect(less.output.contains("Missing: 1\n  rpn.head.log_scale\n"))
    #expect(less.sentences.count == 1 && isSentence(less.errors) && less.errors.contains("less.pth"))
  }

  @Test func aTraceHoldsTheNamedTensors() async throws {
    let workspace = try Workspace()
    try workspace.pictures("a.png")
    let outcome = try await workspace.glip(
      "trace", "a.png", "--classes", "cat, cup", "--model", TinyModel.file().path, "--min-size", "64",
      "--output", "new/trace.safetensors")
    #expect(outcome.status == 0 && outcome.errors == "")
    let trace = try Checkpoint(opening: workspace.url("new/trace.safetensors"))
    #expect(outcome.output == "new/trace.safetensors: \(trace.entries.count) tensors\n")
    for name in ["input", "input_ids", "fpn_p0", "head0_fuse_v0", "dot_logits_l0", "det_boxes"] {
      #expect(trace[name] != nil, "\(name)")
    }
    #expect(trace["input"]?.shape == [1, 3, 64, 96])
    #expect(trace["det_boxes"]?.shape.last == 4)
    expectRefusal(
      try await workspace.glip(
        "trace", "absent.png", "--classes", "cat", "--model", TinyModel.file().path, "--output", "t"),
      "absent.png")
    #expect(!workspace.exists("t"))
  }
}
