import CArchive
import Foundation
import Testing
import Torch

/// Small `.pth` files, as `torch.save` lays them out.
enum TorchFile {
  /// A training checkpoint: the parameters and one more under "model", and the state of an optimizer.
  static func training(_ parameters: Parameters, without left: String? = nil) throws -> Data {
    let surplus = try Tensor.zeros([4])
    let kept = parameters.all.filter { $0.name != left }.map { (name: $0.name, tensor: $0.tensor) }
    let tensors = kept + [(name: "surplus.weight", tensor: surplus)]
    var pickle = Pickle()
    var members: [(name: String, bytes: [UInt8])] = []
    func add(_ tensor: Tensor, to pickle: inout Pickle) throws {
      pickle.tensor(key: "\(members.count)", shape: tensor.shape)
      members.append(("archive/data/\(members.count)", try tensor.withBytes { Array($0) }))
    }
    pickle.raw("}(")
    pickle.string("model")
    pickle.raw("}(")
    for (name, tensor) in tensors {
      pickle.string(name)
      try add(tensor, to: &pickle)
    }
    pickle.raw("u")
    pickle.string("optimizer")
    pickle.raw("}(")
    pickle.string("momentum")
    try add(surplus, to: &pickle)
    pickle.raw("uu.")
    return try archive(pickle, members)
  }

  /// A file that wants a function called when it is read.
  static func calling(_ module: String, _ function: String, with argument: String) throws -> Data {
    var pickle = Pickle()
    pickle.raw("c\(module)\n\(function)\n(")
    pickle.string(argument)
    pickle.raw("tR.")
    return try archive(pickle, [])
  }

  private static func archive(_ pickle: Pickle, _ members: [(name: String, bytes: [UInt8])]) throws -> Data {
    let members = [("archive/data.pkl", pickle.bytes), ("archive/byteorder", Array("little".utf8))] + members
    let archive = try #require(archive_write_new())
    defer { archive_write_free(archive) }
    archive_write_set_format_zip(archive)
    archive_write_set_options(archive, "zip:compression=store")
    archive_write_set_bytes_per_block(archive, 1)
    archive_write_set_bytes_in_last_block(archive, 1)
    var used = 0
    var output = [UInt8](repeating: 0, count: members.reduce(4096) { $0 + $1.1.count + 1000 })
    let capacity = output.count
    let status = output.withUnsafeMutableBytes { buffer in
      archive_write_open_memory(archive, buffer.baseAddress, capacity, &used)
      for (name, bytes) in members {
        let entry = archive_entry_new()
        defer { archive_entry_free(entry) }
        archive_entry_set_pathname(entry, name)
        archive_entry_set_filetype(entry, 0o100000)
        archive_entry_set_perm(entry, 0o644)
        archive_entry_set_size(entry, la_int64_t(bytes.count))
        archive_write_header(archive, entry)
        _ = bytes.withUnsafeBytes { archive_write_data(archive, $0.baseAddress, $0.count) }
      }
      return archive_write_close(archive)
    }
    try #require(status == ARCHIVE_OK)
    return Data(output[..<used])
  }
}

/// A small assembler of pickles.
private struct Pickle {
  private(set) var bytes: [UInt8] = [0x80, 2]

  mutating func raw(_ text: String) { bytes += Array(text.utf8) }
  mutating func raw(_ more: [UInt8]) { bytes += more }

  mutating func string(_ text: String) {
    raw("X")
    raw(withUnsafeBytes(of: UInt32(text.utf8.count).littleEndian) { Array($0) })
    raw(text)
  }

  private mutating func tuple(_ values: [Int]) {
    raw("(")
    for value in values {
      raw([0x8A, 8])
      raw(withUnsafeBytes(of: value.littleEndian) { Array($0) })
    }
    raw("t")
  }

  /// A dense tensor of float32, alone in the storage of that key.
  mutating func tensor(key: String, shape: [Int]) {
    var strides = [Int](repeating: 1, count: shape.count)
    for axis in shape.indices.dropLast().reversed() { strides[axis] = strides[axis + 1] * shape[axis + 1] }
    raw("ctorch._utils\n_rebuild_tensor_v2\n((")
    string("storage")
    raw("ctorch\nFloatStorage\n")
    string(key)
    string("cpu")
    raw([0x8A, 8])
    raw(withUnsafeBytes(of: shape.reduce(1, *).littleEndian) { Array($0) })
    raw("tQK\0")
    tuple(shape)
    tuple(strides)
    raw([0x89])
    raw("ccollections\nOrderedDict\n)RtR")
  }
}
