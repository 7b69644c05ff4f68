import Foundation

/// A file mapped read-only into memory; its pages are loaded when they are first touched.
///
/// The file must not be shortened while it is mapped: touching a page that is gone ends the process, on
/// every operating system. Replacing a file by renaming another one over it is harmless.
public final class MappedFile: @unchecked Sendable {  // The memory is never written.
  public let url: URL
  private let memory: UnsafeRawBufferPointer

  /// Throws a `CheckpointError` of kind `.inaccessible` where `url` is not a readable, regular file.
  public init(_ url: URL) throws {
    self.url = url
    // Not blocking: opening a named pipe would otherwise wait for a writer.
    let descriptor = open(url.path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { throw Self.inaccessible(url, "cannot be opened") }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw Self.inaccessible(url, "cannot be examined") }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw CheckpointError(.inaccessible, file: url, "is not a regular file")
    }
    let count = Int(status.st_size)
    guard count > 0 else {
      memory = UnsafeRawBufferPointer(start: nil, count: 0)
      return
    }
    let address = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0)
    guard let address, address != MAP_FAILED else { throw Self.inaccessible(url, "cannot be mapped") }
    memory = UnsafeRawBufferPointer(start: address, count: count)
  }

  deinit {
    if let address = memory.baseAddress {
      munmap(UnsafeMutableRawPointer(mutating: address), memory.count)
    }
  }

  /// Length of the file in bytes, at the time it was opened.
  public var count: Int { memory.count }

  /// Bytes of the file, valid as long as this object lives. The range must lie within `0..<count`.
  public func bytes(in range: Range<Int>) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: memory[range])
  }

  /// Gives the memory of bytes that were read back to the system; they are still there, and read again when needed.
  public func forget(_ bytes: UnsafeRawBufferPointer) {
    let page = UInt(sysconf(Int32(_SC_PAGESIZE)))
    let start = UInt(bitPattern: bytes.baseAddress)
    // Whole pages within.
    let (first, end) = ((start + page - 1) / page * page, (start + UInt(bytes.count)) / page * page)
    if end > first { madvise(UnsafeMutableRawPointer(bitPattern: first), Int(end - first), MADV_DONTNEED) }
  }

  private static func inaccessible(_ url: URL, _ what: String) -> CheckpointError {
    CheckpointError(.inaccessible, file: url, "\(what) (\(String(cString: strerror(errno))))")
  }
}

extension MappedFile {
  func failure(_ kind: CheckpointError.Kind, _ reason: String) -> CheckpointError {
    CheckpointError(kind, file: url, reason)
  }
}
