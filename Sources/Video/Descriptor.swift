import Foundation

/// A file descriptor, closed when the last that holds it goes.
final class Descriptor: Sendable {
  let number: Int32

  init(_ number: Int32) { self.number = number }

  deinit { close(number) }

  /// Two ends of a connection; programs that are started do not inherit them. Nil where the system has none left.
  ///
  /// A socket and not a pipe: a pipe whose reader has gone ends whoever writes to it, by SIGPIPE.
  static func connection() -> (Descriptor, Descriptor)? {
    var ends: [Int32] = [-1, -1]
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { return nil }
    return (Descriptor(ends[0]), Descriptor(ends[1]))
  }

  /// Reads until the buffer is full or nothing more will come; how many bytes came.
  func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
    var rest = buffer[...]
    while !rest.isEmpty {
      let target = UnsafeMutableRawBufferPointer(rebasing: rest)
      let count = recv(number, target.baseAddress, target.count, 0)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { break }
      rest = rest.dropFirst(count)
    }
    return buffer.count - rest.count
  }

  /// Whether all bytes could be written: false when the other end has gone.
  func write(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
      let source = UnsafeRawBufferPointer(rebasing: rest)
      let count = send(number, source.baseAddress, source.count, Int32(MSG_NOSIGNAL))
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return false }
      rest = rest.dropFirst(count)
    }
    return true
  }
}
