import CArchive
import Checkpoints
import Foundation
import Testing

let fixtures = Bundle.module.bundleURL.appending(path: "Fixtures")

/// An empty folder that is removed with the object.
final class TemporaryFolder {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appending(path: "checkpoints-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  func file(_ name: String, _ bytes: [UInt8]) throws -> URL {
    let url = url.appending(path: name)
    try Data(bytes).write(to: url)
    return url
  }
}

/// The error that opening a file with these bytes throws, or nil.
func errorOpening(_ bytes: [UInt8], named name: String = "file.pth") throws -> CheckpointError? {
  let folder = try TemporaryFolder()
  let url = try folder.file(name, bytes)
  do {
    _ = try Checkpoint(opening: url)
    return nil
  } catch let error as CheckpointError {
    return error
  }
}

/// A zip archive with these members.
func zip(
  _ members: KeyValuePairs<String, [UInt8]>, compression: String = "store"
) throws -> [UInt8] {
  let archive = try #require(archive_write_new())
  defer { archive_write_free(archive) }
  archive_write_set_format_zip(archive)
  archive_write_set_options(archive, "zip:compression=\(compression)")
  archive_write_set_bytes_per_block(archive, 1)
  archive_write_set_bytes_in_last_block(archive, 1)
  var used = 0
  var output = [UInt8](repeating: 0, count: members.reduce(4_096) { $0 + $1.value.count + 1_000 })
  let capacity = output.count
  let status = output.withUnsafeMutableBytes { buffer in
    archive_write_open_memory(archive, buffer.baseAddress, capacity, &used)
    for (name, data) in members {
      let entry = archive_entry_new()
      defer { archive_entry_free(entry) }
      archive_entry_set_pathname(entry, name)
      archive_entry_set_filetype(entry, 0o100000)
      archive_entry_set_perm(entry, 0o644)
      archive_entry_set_size(entry, la_int64_t(data.count))
      archive_write_header(archive, entry)
      _ = data.withUnsafeBytes { archive_write_data(archive, $0.baseAddress, $0.count) }
    }
    return archive_write_close(archive)
  }
  #expect(status == ARCHIVE_OK)
  return Array(output[..<used])
}

/// A small assembler of pickles.
struct Pickle {
  private(set) var bytes: [UInt8] = [0x80, 2]

  static func torchArchive(
    storages: [UInt8] = Array(repeating: 0, count: 24), _ build: (inout Pickle) -> Void
  ) throws -> [UInt8] {
    var pickle = Pickle()
    build(&pickle)
    pickle.raw(".")
    return try zip([
      "archive/data.pkl": pickle.bytes, "archive/byteorder": Array("little".utf8),
      "archive/data/0": storages,
    ])
  }

  mutating func raw(_ text: String) { bytes += Array(text.utf8) }
  mutating func raw(_ more: [UInt8]) { bytes += more }

  mutating func string(_ text: String) {
    raw("X")
    raw(withUnsafeBytes(of: UInt32(text.utf8.count).littleEndian) { Array($0) })
    raw(text)
  }

  /// An integer of eight bytes.
  mutating func int(_ value: Int) {
    raw([0x8A, 8])
    raw(withUnsafeBytes(of: value.littleEndian) { Array($0) })
  }

  mutating func tuple(_ values: [Int]) {
    raw("(")
    for value in values { int(value) }
    raw("t")
  }

  mutating func global(_ module: String, _ name: String) { raw("c\(module)\n\(name)\n") }

  /// A dictionary with the one pair that `build` pushes.
  mutating func dictionary(_ key: String, _ build: (inout Pickle) -> Void) {
    raw("}")
    string(key)
    build(&self)
    raw("s")
  }

  mutating func tensor(
    storage: String = "FloatStorage", key: String = "0", count: Int = 6,
    offset: Int = 0, shape: [Int] = [2, 3], strides: [Int] = [3, 1]
  ) {
    global("torch._utils", "_rebuild_tensor_v2")
    raw("((")
    string("storage")
    global("torch", storage)
    string(key)
    string("cpu")
    int(count)
    raw("tQ")
    int(offset)
    tuple(shape)
    tuple(strides)
    raw([0x89])
    global("collections", "OrderedDict")
    raw(")RtR")
  }
}
