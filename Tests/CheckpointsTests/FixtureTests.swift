import Checkpoints
import Foundation
import Testing

/// Files that PyTorch and the safetensors package wrote; see Scripts/make-checkpoint-fixtures.py.
struct FixtureTests {
  struct Expected: Decodable {
    let type: String
    let shape: [Int]
    let bytes: String
  }

  @Test(arguments: [
    "types.pth", "types-protocol4.pth", "training.pth", "views.pth", "types.safetensors",
    "small.safetensors",
  ])
  func arraysAreThoseThatWereSaved(file: String) throws {
    let data = try Data(contentsOf: fixtures.appending(path: "expected.json"))
    let expected = try #require(
      try JSONDecoder().decode([String: [String: Expected]].self, from: data)[file])
    let checkpoint = try Checkpoint(opening: fixtures.appending(path: file), verifyingChecksums: true)
    #expect(Set(checkpoint.entries.map(\.name)) == Set(expected.keys))
    for (name, array) in expected {
      let entry = try #require(checkpoint[name])
      #expect(entry.type.rawValue == array.type)
      #expect(entry.shape == array.shape)
      let bytes = try checkpoint.withBytes(of: name) { bytes in
        #expect(UInt(bitPattern: bytes.baseAddress).isMultiple(of: UInt(entry.type.byteWidth)))
        return bytes.map { String(format: "%02x", $0) }.joined()
      }
      #expect(bytes == array.bytes, "\(name)")
      #expect(entry.byteCount * 2 == bytes.count)
    }
  }

  @Test func entriesKeepTheOrderOfTheFile() throws {
    let checkpoint = try Checkpoint(opening: fixtures.appending(path: "training.pth"))
    #expect(
      checkpoint.entries.map(\.name) == [
        "0.weight", "0.bias", "1.weight", "1.bias", "1.running_mean", "1.running_var",
        "1.num_batches_tracked",
      ])
  }

  @Test func thePrefixOfParallelTrainingStaysWhereNotEveryNameHasIt() throws {
    let checkpoint = try Checkpoint(opening: fixtures.appending(path: "views.pth"))
    #expect(checkpoint["module.slice"] != nil)
    #expect(checkpoint["slice"] == nil)
  }

  @Test func metadataOfSafetensorsAreRead() throws {
    let checkpoint = try Checkpoint(opening: fixtures.appending(path: "types.safetensors"))
    #expect(checkpoint.metadata == ["é": "a \"b\"\n", "format": "pt"])
  }

  @Test(arguments: [
    ("legacy.pth", "before version 1.6"), ("torchscript.pt", "TorchScript"),
    ("module.pth", "'torch.nn.modules.linear.Linear'"), ("expected.json", "neither a safetensors file"),
  ])
  func otherFilesOfPyTorchAreRefusedByTheirKind(file: String, phrase: String) {
    let error = #expect(throws: CheckpointError.self) {
      try Checkpoint(opening: fixtures.appending(path: file))
    }
    #expect(error?.description.contains(phrase) == true, "\(error as Any)")
  }

  @Test func contiguousArraysAreNotCopied() throws {
    let checkpoint = try Checkpoint(opening: fixtures.appending(path: "views.pth"))
    #expect(try checkpoint.buffer(of: "module.slice").owner is MappedFile)
    #expect(!(try checkpoint.buffer(of: "module.transposed").owner is MappedFile))
  }

  @Test func bytesOutliveTheCheckpoint() throws {
    func load(_ name: String) throws -> TensorBytes {
      try Checkpoint(opening: fixtures.appending(path: "views.pth")).buffer(of: name)
    }
    for name in ["module.slice", "module.transposed"] {
      let buffer = try load(name)
      withExtendedLifetime(buffer.owner) { #expect(buffer.bytes.contains { $0 != 0 }) }
    }
  }

  @Test func anUnknownNameIsAnError() throws {
    let checkpoint = try Checkpoint(opening: fixtures.appending(path: "views.pth"))
    let error = #expect(throws: CheckpointError.self) { try checkpoint.buffer(of: "absent") }
    #expect(error?.kind == .missing)
  }

  @Test func aChangedByteIsNoticedWhereChecksumsAreVerified() throws {
    let folder = try TemporaryFolder()
    var bytes = [UInt8](try Data(contentsOf: fixtures.appending(path: "types.pth")))
    let checkpoint = try Checkpoint(opening: try folder.file("good.pth", bytes))
    let weights = try checkpoint.withBytes(of: "f64") { Array($0) }
    let position = try #require(bytes.firstRange(of: weights)).lowerBound
    bytes[position] ^= 1
    let url = try folder.file("bad.pth", bytes)
    #expect(throws: Never.self) { try Checkpoint(opening: url) }
    #expect(throws: CheckpointError.self) { try Checkpoint(opening: url, verifyingChecksums: true) }
  }
}
