import Foundation
import Testing

/// Places that results may not, or cannot, be written to.
struct OutputTests {
  @Test(arguments: [
    ["--output", "a.png"], ["--output", "."], ["--output", "link.png"], ["--json", "a.png"],
    ["--json", "names.txt"],
  ])
  func whatIsReadIsNotWrittenOver(options: [String]) async throws {
    let workspace = try Workspace()
    try workspace.pictures("a.png")
    try workspace.write("cat", to: "names.txt")
    try FileManager.default.createSymbolicLink(
      atPath: workspace.url("link.png").path, withDestinationPath: "a.png")
    let before = try workspace.data("a.png")
    let outcome = try await workspace.start(
      ["detect", "a.png", "--classes-file", "names.txt", "--model", TinyModel.file().path] + options
    ).outcome()
    expectRefusal(outcome, "is one of the files that are read")
    #expect(try workspace.data("a.png") == before)
    #expect(try workspace.contents == ["a.png", "link.png", "names.txt"])
  }

  @Test func theModelIsNotWrittenOver() async throws {
    let workspace = try Workspace()
    try workspace.pictures("a.png")
    try workspace.write(Data(contentsOf: TinyModel.file()), to: "m.safetensors")
    let common = ["--classes", "cat", "--model", "m.safetensors"]
    for arguments in [
      ["detect", "a.png", "--json", "m.safetensors"], ["trace", "a.png", "--output", "m.safetensors"],
    ] {
      let outcome = try await workspace.start(arguments + common).outcome()
      expectRefusal(outcome, "m.safetensors is one of the files that are read")
    }
    #expect(try workspace.data("m.safetensors") == Data(contentsOf: TinyModel.file()))
  }

  @Test(arguments: [
    (["--output", "a.png/out"], "a.png"), (["--output", "boxes.webp"], "neither a folder nor"),
    (["--output", "notes"], "neither a folder nor"), (["--output", "/proc/glip/out"], "/proc/glip"),
    (["--json", "a.png/found.json"], "a.png"), (["--json", "folder"], "it is a folder"),
    (["--output", ""], "empty path"), (["--json", ""], "empty path"),
    (["--json", "/dev/null"], "not a regular file"), (["--json", "/proc/glip/f.json"], "/proc/glip"),
  ])
  func aPlaceThatCannotBeWrittenIsSaidBeforeTheWork(options: [String], reason: String) async throws {
    let workspace = try Workspace()
    try workspace.pictures("a.png", "folder/b.png")
    try workspace.write("", to: "notes")
    let outcome = try await workspace.start(
      ["detect", "a.png", "--classes", "cat", "--model", TinyModel.file().path] + options
    ).outcome()
    expectRefusal(outcome, reason)
    #expect(try workspace.contents == ["a.png", "folder", "folder/b.png", "notes"])
  }

  @Test func oneFileDoesNotTakeSeveralPictures() async throws {
    let workspace = try Workspace()
    try workspace.pictures("a.png", "b.png")
    expectRefusal(try await workspace.detect("a.png", "b.png", "--output", "boxes.png"), "2 pictures")
    #expect(!workspace.exists("boxes.png"))
  }
}
