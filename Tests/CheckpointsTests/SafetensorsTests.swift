import Checkpoints
import Foundation
import Testing

struct SafetensorsTests {
  /// A file with this header and so many bytes of data.
  private func file(_ header: String, data: Int = 8, length: UInt64? = nil) -> [UInt8] {
    withUnsafeBytes(of: (length ?? UInt64(header.utf8.count)).littleEndian) { Array($0) }
      + Array(header.utf8) + [UInt8](repeating: 1, count: data)
  }

  private func array(
    _ name: String = "a", type: String = "\"F32\"", shape: String = "[2]", offsets: String = "[0,8]"
  ) -> String {
    "\"\(name)\":{\"dtype\":\(type),\"shape\":\(shape),\"data_offsets\":\(offsets)}"
  }

  @Test func aFileMadeByHandIsRead() throws {
    #expect(try errorOpening(file("{\(array())}  \n"), named: "a.safetensors") == nil)
    #expect(try errorOpening(file(" { } ", data: 0), named: "a.safetensors") == nil)
  }

  @Test func brokenHeadersAreRefused() throws {
    let cases: [(String, [UInt8])] = [
      ("ends within the length", [1, 2, 3]),
      ("more than the 100000000", file("{}", length: .max)),
      ("more than the 100000000", file("{}", length: 100_000_001)),
      ("but 10 follow", file("{}", length: 11)),
      ("'{' expected", file("[]")),
      ("without an end", file("{\"a", data: 0)),
      ("'}' expected", file("{\(array())")),
      ("something follows", file("{\(array())}{}")),
      ("'\"' expected", file("{\(array()),}")),
      ("names 'a' twice", file("{\(array()),\(array("\\u0061"))}")),
      ("metadata name 'k' twice", file("{\"__metadata__\":{\"k\":\"1\",\"k\":\"2\"}}")),
      ("'\"' expected", file("{\"__metadata__\":{\"k\":1}}")),
      ("unknown escape", file("{\"\\x\":{}}")),
      ("control character", file("{\"\n\":{}}")),
    ]
    for (phrase, bytes) in cases {
      let error = try errorOpening(bytes, named: "a.safetensors")
      #expect(error?.reason.contains(phrase) == true, "\(error as Any)")
    }
  }

  @Test func brokenArraysAreRefused() throws {
    let cases: [(String, String)] = [
      ("lacks one of", "\"a\":{}"),
      ("lacks one of", "\"a\":{\"dtype\":\"F32\",\"shape\":[2]}"),
      ("unknown or comes twice", "\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\"}"),
      ("unknown or comes twice", "\"a\":{\"device\":\"cpu\"}"),
      ("'F8_E4M3', which is not supported", array(type: "\"F8_E4M3\"")),
      ("'\"' expected", array(type: "5")),
      ("not negative", array(shape: "[-2]")),
      ("whole number", array(shape: "[2.0]")),
      ("whole number", array(shape: "[2e0]")),
      ("whole number", array(shape: "[02]")),
      ("whole number", array(shape: "[\"2\"]")),
      ("too large", array(shape: "[99999999999999999999]")),
      ("too large", array(shape: "[4611686018427387904,4611686018427387904]")),
      ("too large", array(shape: "[\(Array(repeating: "1", count: 65).joined(separator: ","))]")),
      ("needs 12 bytes, but is given 8", array(shape: "[3]")),
      ("needs 4 bytes, but is given 8", array(shape: "[]")),
      ("not a beginning and an end", array(offsets: "[8,0]")),
      ("not a beginning and an end", array(offsets: "[0,8,16]")),
      ("which have 8 bytes", array(offsets: "[8,16]")),
      (
        "overlaps", array(shape: "[1]", offsets: "[0,4]") + "," + array("b", type: "\"U8\"", offsets: "[3,5]")
      ),
      ("leaves a hole", array(shape: "[1]", offsets: "[4,8]")),
      ("4 bytes at the end belong to no array", array(shape: "[1]", offsets: "[0,4]")),
    ]
    for (phrase, text) in cases {
      let error = try errorOpening(file("{\(text)}"), named: "a.safetensors")
      #expect(error?.reason.contains(phrase) == true, "\(text): \(error as Any)")
    }
  }

  @Test func namesThatAreNotUTF8AreRefused() throws {
    let header = Array("{\"".utf8) + [0xC3, 0x28] + Array("\":{}}".utf8)
    let bytes = withUnsafeBytes(of: UInt64(header.count).littleEndian) { Array($0) } + header
    #expect(try errorOpening(bytes)?.reason.contains("not UTF-8") == true)
  }

  @Test func unalignedArraysAreCopied() throws {
    let folder = try TemporaryFolder()
    let header = "{\(array("b", type: "\"U8\"", shape: "[1]", offsets: "[0,1]")),\(array(offsets: "[1,9]"))}"
    let checkpoint = try Checkpoint(opening: try folder.file("a.safetensors", file(header, data: 9)))
    let buffer = try checkpoint.buffer(of: "a")
    withExtendedLifetime(buffer.owner) {
      #expect(buffer.bytes.load(as: UInt32.self) == 0x0101_0101)
    }
  }

  @Test func manyEntriesAreReadInMilliseconds() throws {
    let folder = try TemporaryFolder()
    let entries = (0..<10_000).map { array("layer.\($0).weight", offsets: "[\($0 * 8),\($0 * 8 + 8)]") }
    let url = try folder.file(
      "a.safetensors", file("{\(entries.joined(separator: ","))}", data: 80_000))
    let clock = ContinuousClock()
    let start = clock.now
    let checkpoint = try Checkpoint(opening: url)
    let duration = clock.now - start
    print("header of 10,000 entries: \(duration)")
    #expect(checkpoint.entries.count == 10_000)
    #expect(checkpoint.entries.last?.name == "layer.9999.weight")
    #expect(duration < .milliseconds(500))
  }
}
