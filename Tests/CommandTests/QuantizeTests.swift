import GLIP
import Testing
import Torch

/// `glip quantize`, and what it makes.
struct QuantizeTests {
  @Test func aQuantizedFileDetectsWithInt8() async throws {
    let workspace = try Workspace()
    try workspace.pictures("a.png", "b.jpg")
    let model = try TinyModel.file().path
    let outcome = try await workspace.glip(
      "quantize", "a.png", "b.jpg", "--classes", "cat, cup", "--model", model, "--min-size", "64",
      "--output", "small.safetensors")
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.output.contains("layers in int8"))
    #expect(try workspace.contents == ["a.png", "b.jpg", "small.safetensors"])
    let file = try ModelFile(workspace.url("small.safetensors"))
    #expect(file.isQuantized)

    let again = try await workspace.glip(
      "quantize", "a.png", "--classes", "cat", "--model", "small.safetensors", "--output", "twice.safetensors"
    )
    expectRefusal(again, "int8 already")

    let arguments = [
      "detect", "a.png", "--model", "small.safetensors", "--classes", "cat, cup", "--min-size", "64",
      "--max-size", "128", "--threshold", "0", "--precision",
    ]
    // A quantised file serves every precision; int8 where the processor has its instructions.
    let exact = try await workspace.start(arguments + ["fp32"]).outcome()
    #expect(exact.status == 0 && exact.output.contains("found"), "\(exact.errors)")
    let bytes = try await workspace.start(arguments + ["int8"]).outcome()
    if Kernels.support(.int8) {
      #expect(bytes.status == 0 && bytes.output.contains("found"), "\(bytes.errors)")
    } else {
      expectRefusal(bytes, "int8 needs a processor")
    }
  }

  @Test func whatCannotBeQuantizedIsSaid() async throws {
    let workspace = try Workspace()
    try workspace.pictures("a.png")
    let model = try TinyModel.file().path
    func quantize(_ arguments: String...) async throws -> Outcome {
      try await workspace.start(["quantize", "--classes", "cat", "--model", model] + arguments).outcome()
    }
    expectRefusal(
      try await quantize("a.png", "--output", "out.pth"), "should end in .safetensors", status: 64)
    expectRefusal(try await quantize("none.png", "--output", "out.safetensors"), "none.png")
    expectRefusal(try await quantize("a.png", "--output", model), "files that are read")
    #expect(try workspace.contents == ["a.png"])
  }
}
