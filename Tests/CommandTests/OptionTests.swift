import Foundation
import Testing

/// Options that are out of range, unknown or misspelt.
struct OptionTests {
  @Test(arguments: [
    (["--threshold", "2"], "threshold is 2.0"), (["--threshold", "nan"], "threshold is nan"),
    (["--max-detections", "0"], "maximum number of detections is 0"), (["--nms", "2"], "overlap is 2.0"),
    (["--min-size", "0"], "minimum side is 0"),
    (["--min-size", "9223372036854775807"], "minimum side is 9223372036854775807"),
    (["--min-size", "800", "--max-size", "1000000"], "maximum side is 1000000"),
    (["--label-threshold", "dog=0.3"], "'dog'"), (["--label-threshold", "cat=7"], "threshold of 'cat'"),
    (["--device", "abacus"], "'abacus'"), (["--device", "cuda:x"], "'cuda:x'"),
    (["--device", "cuda:99"], "'cuda:99'"), (["--preset", "glip-l"], "tiny.safetensors"),
  ])
  func aValueOutOfRangeIsRefused(options: [String], reason: String) async throws {
    let workspace = try Workspace()
    try workspace.pictures("a.png")
    let outcome = try await workspace.start(
      ["detect", "a.png", "--classes", "cat", "--model", TinyModel.file().path, "--output", "out"] + options
    ).outcome()
    expectRefusal(outcome, reason)
    #expect(try workspace.contents == ["a.png"])
  }

  @Test(arguments: [
    ["--threshold", "much"], ["--label-threshold", "cat"], ["--label-threshold", "cat="],
    ["--label-threshold", "=0.3"], ["--precision", "fp8"], ["--preset", "glip-xl"], ["--threads", "0"],
    ["--max-detections", "1.5"], ["--colour"], ["--json"], ["--max-size", "1000"],
  ])
  func aMisuseNamesTheOptionAndWhereHelpIs(options: [String]) async throws {
    let outcome = try await Workspace().start(
      ["detect", "a.png", "--classes", "cat"] + options
    ).outcome()
    expectRefusal(outcome, options[0], "(see 'glip detect --help').", status: 64)
  }

  @Test func helpIsNoError() async throws {
    let workspace = try Workspace()
    for arguments in [
      ["--help"], ["detect", "--help"], ["help", "trace"], ["convert", "-h"], ["models", "pull", "--help"],
      [], ["--version"],
    ] {
      let outcome = try await workspace.start(arguments).outcome()
      #expect(outcome.status == 0 && outcome.errors == "" && !outcome.output.isEmpty)
    }
    expectRefusal(try await workspace.glip("detct"), "'detct'", status: 64)
  }
}
