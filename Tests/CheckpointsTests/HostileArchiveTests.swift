import Checkpoints
import Foundation
import Testing

struct HostileArchiveTests {
  @Test func anArchiveWithoutAPickleIsNotACheckpoint() throws {
    let error = try errorOpening(try zip(["archive/readme.txt": [1, 2, 3]]))
    #expect(error?.kind == .unrecognised)
  }

  @Test func bigEndianArchivesAreRefused() throws {
    let archive = try zip(["a/data.pkl": Array("\u{80}".utf8), "a/byteorder": Array("big".utf8)])
    #expect(try errorOpening(archive)?.reason.contains("byte order") == true)
  }

  @Test func compressedMembersAreRefusedBeforeTheyExpand() throws {
    let archive = try zip(
      ["a/data.pkl": [UInt8](repeating: 0, count: 1 << 24)], compression: "deflate")
    #expect(archive.count < 1 << 16)
    #expect(try errorOpening(archive)?.reason.contains("'data.pkl' is compressed") == true)
  }

  @Test func aMemberThatComesTwiceIsRefused() throws {
    let archive = try zip(["a/data.pkl": [1], "a/data/0": [2], "a/data/0 ": [3]])
    #expect(try errorOpening(archive)?.reason.contains("twice") == false)
    let twice = try zip(["a/data.pkl": [1], "a/data/0": [2], "a/data/0": [3]])
    #expect(try errorOpening(twice)?.reason.contains("'a/data/0' twice") == true)
  }

  @Test func everyTruncationIsRefused() throws {
    let bytes = [UInt8](try Data(contentsOf: fixtures.appending(path: "types.pth")))
    for length in stride(from: 0, to: bytes.count, by: 13) {
      #expect(try errorOpening(Array(bytes[..<length])) != nil, "\(length) bytes")
    }
  }

  @Test func whatIsNotAFileIsRefused() throws {
    let folder = try TemporaryFolder()
    for url in [folder.url, folder.url.appending(path: "absent.pth"), URL(filePath: "/dev/zero")] {
      let error = #expect(throws: CheckpointError.self) { try Checkpoint(opening: url) }
      #expect(error?.kind == .inaccessible)
      #expect(error?.description.hasPrefix(url.path) == true)
    }
  }

  /// Wherever bytes are changed, the file is refused, or all of its arrays can be read.
  @Test(arguments: ["views.pth", "training.pth", "types.pth", "small.safetensors", "types.safetensors"])
  func randomDamageNeverCrashes(file: String) throws {
    let original = [UInt8](try Data(contentsOf: fixtures.appending(path: file)))
    let folder = try TemporaryFolder()
    var random = SplitMix(state: 42)
    var refused = 0
    for _ in 0..<2_000 {
      var bytes = original
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let position = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<6, using: &random) {
        case 0: bytes[position] = .random(in: 0...255, using: &random)
        case 1: bytes[position] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 2: bytes.insert(.random(in: 0...255, using: &random), at: position)
        case 3: bytes.remove(at: position)
        case 4: bytes.replaceSubrange(position..., with: bytes[position...].prefix(8).map { _ in 0xFF })
        default: bytes[position] = [0, 0x7F, 0x80, 0xFF].randomElement(using: &random) ?? 0
        }
      }
      let url = try folder.file(file, bytes)
      do {
        let checkpoint = try Checkpoint(opening: url)
        for entry in checkpoint.entries {
          let count = try checkpoint.withBytes(of: entry.name) { bytes in
            bytes.reduce(0) { $0 &+ Int($1) } >= 0 ? bytes.count : 0
          }
          #expect(count == entry.byteCount)
        }
      } catch is CheckpointError {
        refused += 1
      }
    }
    #expect(refused > 200)
  }
}

/// Makes the damage the same in every run.
private struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
