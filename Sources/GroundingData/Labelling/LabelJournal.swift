import Foundation

/// The finished samples of one process, in a file that only grows: a line is handed to the operating system as soon as
/// its sample is done, so that killing the process loses none but the current one. That the machine goes down may lose
/// the last few, which are then labelled again.
package final class LabelJournal {
  private let url: URL
  private let descriptor: Int32
  private var unsynced = 0

  private static let mostUnsynced = 64

  /// - Throws: `DatasetError` if another process has it, or it cannot be written.
  package init(_ url: URL) throws(DatasetError) {
    self.url = url
    descriptor = open(url.path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw Self.failure(url) }
    // The lock goes with the descriptor, however the process ends. Where a file system has none, there is none.
    if flock(descriptor, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK {
      throw DatasetError(file: url, "another process is writing it; wait for that to end")
    }
    // A line that was cut short is no JSON; readers pass over it.
    var last: UInt8 = 0x0A
    let end = lseek(descriptor, 0, SEEK_END)
    if end > 0, pread(descriptor, &last, 1, end - 1) == 1, last != 0x0A { try write([0x0A]) }
  }

  deinit { close(descriptor) }

  package func append(_ entry: LabelEntry) throws(DatasetError) {
    try write(Array((entry.json + "\n").utf8))
    unsynced += 1
    if unsynced >= Self.mostUnsynced { try synchronize() }
  }

  /// What was appended survives the machine.
  package func synchronize() throws(DatasetError) {
    guard fsync(descriptor) == 0 else { throw Self.failure(url) }
    unsynced = 0
  }

  private func write(_ bytes: [UInt8]) throws(DatasetError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw Self.failure(url) }
      rest = rest.dropFirst(count)
    }
  }

  private static func failure(_ url: URL) -> DatasetError {
    DatasetError(file: url, "it cannot be written (\(String(cString: strerror(errno))))")
  }
}
