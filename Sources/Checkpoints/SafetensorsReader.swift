/// Reads the table of contents of a safetensors file: eight bytes of length, a JSON header, the data.
struct SafetensorsReader {
  /// The format's own limit on the header, 100 MB.
  static let maximumHeaderLength = 100_000_000

  let file: MappedFile

  func contents() throws -> (entries: [CheckpointEntry], metadata: [String: String]) {
    guard file.count >= 8 else {
      throw file.failure(.malformed, "the file ends within the length of its header")
    }
    let declared = UInt64(littleEndian: file.bytes(in: 0..<8).loadUnaligned(as: UInt64.self))
    guard let length = Int(exactly: declared), length <= Self.maximumHeaderLength else {
      throw file.failure(
        .malformed,
        "the header is said to have \(declared) bytes, more than the \(Self.maximumHeaderLength) allowed")
    }
    guard length <= file.count - 8 else {
      throw file.failure(
        .malformed, "the header is said to have \(length) bytes, but \(file.count - 8) follow")
    }
    let (entries, metadata) = try header(length: length)
    try requireSeamless(entries, from: 8 + length)
    return (entries, metadata)
  }

  /// Entries in the order of their data.
  private func header(length: Int) throws -> ([CheckpointEntry], [String: String]) {
    var scanner = HeaderScanner(file: file, bytes: file.bytes(in: 8..<8 + length))
    var entries: [CheckpointEntry] = []
    var names: Set<String> = []
    var metadata: [String: String] = [:]
    try scanner.object { scanner, name in
      guard names.insert(name).inserted else {
        throw file.failure(.malformed, "the header names \(name.quoted) twice")
      }
      if name == "__metadata__" {
        try scanner.object { scanner, key in
          guard metadata.updateValue(try scanner.string(), forKey: key) == nil else {
            throw file.failure(.malformed, "the metadata name \(key.quoted) twice")
          }
        }
      } else {
        let array = try array(named: name, &scanner, dataStart: 8 + length)
        entries.append(CheckpointEntry(name: name, array: array))
      }
    }
    try scanner.expectEnd()
    return (
      entries.sorted {
        ($0.array.offset, $0.byteCount) < ($1.array.offset, $1.byteCount)
      }, metadata
    )
  }

  private func array(
    named name: String, _ scanner: inout HeaderScanner, dataStart: Int
  ) throws -> StoredArray {
    func failure(_ reason: String, _ kind: CheckpointError.Kind = .malformed) -> CheckpointError {
      file.failure(kind, "the array \(name.quoted) \(reason)")
    }
    var typeName: String?
    var shape: [Int]?
    var offsets: [Int]?
    try scanner.object { scanner, field in
      switch field {
      case "dtype" where typeName == nil: typeName = try scanner.string()
      case "shape" where shape == nil: shape = try scanner.counts()
      case "data_offsets" where offsets == nil: offsets = try scanner.counts()
      default: throw failure("has a field \(field.quoted) that is unknown or comes twice")
      }
    }
    guard let typeName, let shape, let offsets else {
      throw failure("lacks one of dtype, shape and data_offsets")
    }
    guard let type = ScalarType(rawValue: typeName) else {
      throw failure("has the type \(typeName.quoted), which is not supported", .unsupported)
    }
    guard offsets.count == 2, offsets[0] <= offsets[1] else {
      throw failure("has the data offsets \(offsets), which are not a beginning and an end")
    }
    let dataCount = file.count - dataStart
    guard offsets[1] <= dataCount else {
      throw failure("ends at byte \(offsets[1]) of the data, which have \(dataCount) bytes")
    }
    guard let byteCount = type.byteCount(of: shape) else {
      throw failure("has the shape \(shape.prefix(64)), which is too large")
    }
    guard byteCount == offsets[1] - offsets[0] else {
      throw failure("needs \(byteCount) bytes, but is given \(offsets[1] - offsets[0])")
    }
    return StoredArray(
      type: type, shape: shape, byteCount: byteCount, offset: dataStart + offsets[0], strides: nil)
  }

  /// The format demands that the arrays fill the data without overlaps or holes.
  private func requireSeamless(_ entries: [CheckpointEntry], from start: Int) throws {
    var end = start
    for entry in entries {
      guard entry.array.offset == end else {
        let what = entry.array.offset < end ? "overlaps the array before it" : "leaves a hole before it"
        throw file.failure(.malformed, "the array \(entry.name.quoted) \(what)")
      }
      end += entry.byteCount
    }
    guard end == file.count else {
      throw file.failure(.malformed, "\(file.count - end) bytes at the end belong to no array")
    }
  }
}
