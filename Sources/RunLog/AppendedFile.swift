import Foundation

/// A file that only grows, by whole records, and belongs to one process at a time.
///
/// A record is handed to the operating system in one call, so that killing the process loses none that was
/// appended; that the machine goes down may.
package final class AppendedFile {
  package let url: URL
  private let descriptor: Int32
  /// Bytes of whole records.
  private var count: Int

  /// - Parameter isNew: whether there must be no such file yet; else it is made if there is none.
  package init(_ url: URL, isNew: Bool) throws(RunLogError) {
    self.url = url
    descriptor = open(url.path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | (isNew ? O_EXCL : 0), 0o666)
    guard descriptor >= 0 else { throw .system(url, "cannot be written") }
    count = Int(lseek(descriptor, 0, SEEK_END))
    // The lock goes with the descriptor, however the process ends. Where a file system has none, there is none.
    if flock(descriptor, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK {
      throw RunLogError(.occupied, url, "is being written by another process")
    }
  }

  deinit { close(descriptor) }

  /// Appends all of the record or, where that fails, nothing.
  package func append(_ record: Data) throws(RunLogError) {
    var written = 0
    while written < record.count {
      let result = record.withUnsafeBytes {
        write(descriptor, $0.baseAddress! + written, record.count - written)
      }
      if result < 0, errno == EINTR { continue }
      guard result > 0 else {
        let error = RunLogError.system(url, "cannot be written")
        _ = ftruncate(descriptor, off_t(count))
        throw error
      }
      written += result
    }
    count += written
  }

  /// Waits until all that was appended is on the disk, so that not even the machine's going down loses it.
  package func synchronize() throws(RunLogError) {
    guard fsync(descriptor) == 0 else { throw .system(url, "cannot be written") }
  }

  /// Cuts off what follows the first `count` bytes.
  package func truncate(to count: Int) throws(RunLogError) {
    guard ftruncate(descriptor, off_t(count)) == 0 else { throw .system(url, "cannot be shortened") }
    self.count = count
  }
}
