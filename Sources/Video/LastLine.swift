import Foundation
import Synchronization

/// The last line that a program says on its standard error stream, where ffmpeg names what was wrong.
///
/// A thread reads all that comes, lest the program wait for that, and keeps a line of at most 1,000 bytes.
final class LastLine: Sendable {
  private let text = Mutex<String?>(nil)
  private let isOver = DispatchSemaphore(value: 0)

  init(from stream: Descriptor) {
    Thread.detachNewThread { [self] in
      var last: [UInt8] = []
      var line: [UInt8] = []
      var buffer = [UInt8](repeating: 0, count: 4096)
      while true {
        let count = recv(stream.number, &buffer, buffer.count, 0)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { break }
        for byte in buffer[..<count] {
          if byte == UInt8(ascii: "\n") {
            if !line.isEmpty { last = line }
            line = []
          } else if line.count < 1000 {
            line.append(byte)
          }
        }
      }
      let said = String(decoding: line.isEmpty ? last : line, as: UTF8.self)
      text.withLock { $0 = said.isEmpty ? nil : said }
      isOver.signal()
    }
  }

  /// Waits for the program's end. Nil if it said nothing.
  func wait() -> String? {
    isOver.wait()
    isOver.signal()
    return text.withLock { $0 }
  }
}
