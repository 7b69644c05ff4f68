import Foundation

/// A temporary file beside a target, which takes the target's place when it is complete.
package final class ReplacementFile {
  private let target: URL
  /// Its place until then, for other programs to write.
  package let temporary: URL
  private let descriptor: Int32
  private var isCommitted = false

  package init(for target: URL) throws(CheckpointError) {
    self.target = target
    temporary = target.deletingLastPathComponent()
      .appending(path: ".\(target.lastPathComponent).\(UUID().uuidString).tmp")
    descriptor = open(temporary.path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    if descriptor < 0 { throw failure("cannot be written") }
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
    if !isCommitted && descriptor >= 0 { unlink(temporary.path) }
  }

  package func write(_ bytes: UnsafeRawBufferPointer) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let buffer = UnsafeRawBufferPointer(rebasing: rest)
      let written = Foundation.write(descriptor, buffer.baseAddress, buffer.count)
      if written < 0 && errno == EINTR { continue }
      guard written > 0 else { throw failure("cannot be written") }
      rest = rest.dropFirst(written)
    }
  }

  package func commit() throws(CheckpointError) {
    // Without it, a crash of the machine could leave an empty file under the target's name.
    guard fsync(descriptor) == 0, rename(temporary.path, target.path) == 0 else {
      throw failure("cannot be replaced")
    }
    isCommitted = true
  }

  private func failure(_ what: String) -> CheckpointError {
    CheckpointError(.inaccessible, file: target, "\(what) (\(String(cString: strerror(errno))))")
  }
}
