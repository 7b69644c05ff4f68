import Checkpoints
import Foundation
import Testing

struct SafetensorsWriterTests {
  private func array(
    _ name: String, _ type: ScalarType, _ shape: [Int], pieces: [[UInt8]]
  ) -> SafetensorsWriter.Array {
    SafetensorsWriter.Array(name: name, type: type, shape: shape) { sink in
      for piece in pieces { try piece.withUnsafeBytes(sink) }
    }
  }

  private var arrays: [SafetensorsWriter.Array] {
    [
      array("flag", .bool, [3], pieces: [[1, 0, 1]]),
      array("weight/\"ü\"\u{1}", .float32, [2, 1], pieces: [[1, 2, 3], [4, 5, 6, 7, 8]]),
      array("empty", .float16, [0, 4], pieces: []),
      array("scalar", .int64, [], pieces: [[9, 0, 0, 0, 0, 0, 0, 0]]),
    ]
  }

  @Test func whatIsWrittenIsReadAgain() throws {
    let folder = try TemporaryFolder()
    let url = folder.url.appending(path: "a.safetensors")
    let metadata = ["format": "pt", "a\\b": "{\"c\": 1}\n"]
    try SafetensorsWriter.write(arrays, metadata: metadata, to: url)
    let checkpoint = try Checkpoint(opening: url)
    #expect(checkpoint.metadata == metadata)
    #expect(checkpoint.entries.map(\.name) == ["scalar", "weight/\"ü\"\u{1}", "empty", "flag"])
    #expect(try checkpoint.withBytes(of: "weight/\"ü\"\u{1}") { Array($0) } == [1, 2, 3, 4, 5, 6, 7, 8])
    #expect(try checkpoint.withBytes(of: "flag") { Array($0) } == [1, 0, 1])
    #expect(checkpoint["empty"]?.shape == [0, 4])
    for entry in checkpoint.entries {
      #expect(try checkpoint.buffer(of: entry.name).owner is MappedFile)
    }
  }

  @Test func equalInputGivesEqualBytesInAnAlignedFile() throws {
    let folder = try TemporaryFolder()
    let urls = ["a", "b"].map { folder.url.appending(path: $0) }
    let metadata = Dictionary(uniqueKeysWithValues: (0..<20).map { ("key \($0)", "value") })
    for url in urls { try SafetensorsWriter.write(arrays, metadata: metadata, to: url) }
    let contents = try Data(contentsOf: urls[0])
    #expect(contents == (try Data(contentsOf: urls[1])))
    #expect(contents[0].isMultiple(of: 8))
  }

  @Test func aFailureLeavesTheFileAsItWas() throws {
    let folder = try TemporaryFolder()
    let url = try folder.file("a.safetensors", [42])
    let tooFew = array("a", .float32, [2], pieces: [[1, 2, 3]])
    let tooMany = array("a", .uint8, [2], pieces: [[1], [2, 3]])
    let fine = array("a", .uint8, [1], pieces: [[1]])
    let cases = [
      ([tooFew], "5 bytes too few"), ([tooMany], "1 bytes too many"), ([fine, fine], "given twice"),
      ([array("__metadata__", .uint8, [0], pieces: [])], "reserved"),
      ([array("a", .uint8, [-1], pieces: [])], "not valid"),
    ]
    for (arrays, phrase) in cases {
      let error = #expect(throws: CheckpointError.self) { try SafetensorsWriter.write(arrays, to: url) }
      #expect(error?.reason.contains(phrase) == true, "\(error as Any)")
    }
    let failing = SafetensorsWriter.Array(name: "a", type: .uint8, shape: [1]) { _ in throw Interruption() }
    #expect(throws: Interruption.self) { try SafetensorsWriter.write([failing], to: url) }
    #expect(try Data(contentsOf: url) == Data([42]))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == ["a.safetensors"])
  }

  @Test func aFolderThatDoesNotExistIsAnError() {
    let error = #expect(throws: CheckpointError.self) {
      try SafetensorsWriter.write([], to: URL(filePath: "/nonexistent/a.safetensors"))
    }
    #expect(error?.kind == .inaccessible)
  }

  private struct Interruption: Error {}
}
