import Foundation

/// A file of named arrays, opened for reading: safetensors, or PyTorch's zip format (`torch.save`).
///
/// Opening reads only the table of contents; an array's bytes are loaded when they are asked for. Every
/// size and offset has been checked against the file by then, so that reading arrays cannot fail.
///
/// Of a `.pth` file, the arrays are those of the dictionary under "model" or "state_dict", or else of the
/// outermost dictionary itself; the prefix "module." of data-parallel training is removed where every name
/// has it. Its pickle is read by an interpreter that knows the constructors of tensors and plain containers,
/// executes nothing, and refuses everything else by name: also a training checkpoint whose optimizer state
/// or options hold objects of other classes, as PyTorch's own `weights_only=True` does.
public final class Checkpoint: Sendable {
  /// The arrays, in the order in which the file holds them. Names are unique.
  public let entries: [CheckpointEntry]
  /// The `__metadata__` of a safetensors file, empty for others.
  public let metadata: [String: String]

  private let file: MappedFile
  private let positions: [String: Int]

  /// Opens a checkpoint, recognised by its first bytes.
  ///
  /// - Parameter verifyingChecksums: Whether to read a `.pth` file to its end and compare it with the
  ///   checksums that it carries. PyTorch does not; it takes about a third of a second per gigabyte.
  ///   Safetensors files carry none.
  /// - Throws: `CheckpointError`.
  public init(opening url: URL, verifyingChecksums: Bool = false) throws {
    file = try MappedFile(url)
    switch try file.checkpointFormat() {
    case .safetensors:
      (entries, metadata) = try SafetensorsReader(file: file).contents()
    case .pytorch:
      entries = try PyTorchArchive(file: file, verifyingChecksums: verifyingChecksums).entries()
      metadata = [:]
    }
    positions = Dictionary(uniqueKeysWithValues: zip(entries.map(\.name), entries.indices))
  }

  /// The entry of that name, or nil.
  public subscript(name: String) -> CheckpointEntry? {
    positions[name].map { entries[$0] }
  }

  /// The bytes of an array: little-endian, dense, in C order, aligned to the element's width.
  ///
  /// They lie in the mapped file where it holds them so already; a transposed or unaligned array is copied.
  ///
  /// - Throws: `CheckpointError` of kind `.missing` where there is no array of that name.
  public func buffer(of name: String) throws -> TensorBytes {
    guard let entry = self[name] else {
      throw file.failure(.missing, "there is no array named \(name.quoted)")
    }
    return file.contents(of: entry.array)
  }

  /// Calls `body` with the bytes that `buffer(of:)` returns; they are valid during the call.
  public func withBytes<Result>(
    of name: String, _ body: (UnsafeRawBufferPointer) throws -> Result
  ) throws -> Result {
    let buffer = try buffer(of: name)
    return try withExtendedLifetime(buffer.owner) { try body(buffer.bytes) }
  }
}

/// Name, type and shape of an array in a checkpoint.
public struct CheckpointEntry: Sendable {
  public let name: String
  let array: StoredArray

  public var type: ScalarType { array.type }
  /// Sizes, outermost axis first; empty for a scalar.
  public var shape: [Int] { array.shape }
  /// Bytes of the dense array.
  public var byteCount: Int { array.byteCount }
}

/// Bytes of an array, and the object that keeps them alive.
public struct TensorBytes {
  /// `bytes` are valid, and do not change, as long as this object lives.
  public let owner: any AnyObject & Sendable
  public let bytes: UnsafeRawBufferPointer
}

private enum CheckpointFormat {
  case safetensors, pytorch
}

extension MappedFile {
  fileprivate func checkpointFormat() throws -> CheckpointFormat {
    let start = bytes(in: 0..<min(count, 16))
    if start.starts(with: [0x50, 0x4B, 0x03, 0x04]) { return .pytorch }
    // The magic number 0x1950a86a20f9469cfc6c, pickled, begins the format of PyTorch before version 1.6.
    if start.dropFirst(2).starts(with: [0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8]) {
      throw failure(
        .unsupported,
        "this is PyTorch's legacy format, used before version 1.6; load it with torch.load and write it "
          + "again with torch.save")
    }
    if start.count >= 9 && start[8] == UInt8(ascii: "{") || url.pathExtension == "safetensors" {
      return .safetensors
    }
    throw failure(.unrecognised, "this is neither a safetensors file nor a PyTorch (zip) checkpoint")
  }
}
