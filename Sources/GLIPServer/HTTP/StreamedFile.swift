import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import NIOPosix

/// A file as the body of an answer; it is not held in memory, and closed when the answer goes.
enum StreamedFile {
  private static let chunk = 256 << 10

  /// - Throws: an error of Foundation if the file's size cannot be told.
  static func body(_ file: FileHandle) throws -> ResponseBody {
    let size = try file.seekToEnd()
    try file.seek(toOffset: 0)
    return ResponseBody(contentLength: Int(size)) { writer in
      while true {
        let part = try await NIOThreadPool.singleton.runIfActive { try file.read(upToCount: chunk) }
        guard let part, !part.isEmpty else { break }
        try await writer.write(ByteBuffer(bytes: part))
      }
      try await writer.finish(nil)
    }
  }
}
