import Checkpoints
import Foundation

/// Tells files, folders and texts apart (FNV-1a, 64 bits); not meant to resist an attack.
public struct Fingerprint: Sendable {
  public private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

  init(_ bytes: some Sequence<UInt8> = []) { add(bytes) }

  mutating func add(_ bytes: some Sequence<UInt8>) {
    for byte in bytes { value = (value ^ UInt64(byte)) &* 0x100_0000_01B3 }
  }

  /// Of a file: its size and samples from all over it. Of a folder: names and sizes of all files in it.
  ///
  /// - Parameter other: a folder that may be in it, and does not count.
  /// - Throws: if it cannot be read.
  public static func text(of url: URL, without other: URL? = nil) throws -> String {
    var result = Self()
    if url.isFolder {
      for name in try FileManager.default.subpathsOfDirectory(atPath: url.path).sorted() {
        let path = url.standardizedFileURL.path + "/" + name
        if let other, path.hasPrefix(other.standardizedFileURL.path + "/") { continue }
        var info = stat()
        guard stat(path, &info) == 0, info.st_mode & S_IFMT == S_IFREG else { continue }
        result.add("\(name)\0\(info.st_size)\0".utf8)
      }
    } else {
      let file = try MappedFile(url)
      result.add("\(file.count)\0".utf8)
      let stride = max(file.count / samples, sampleSize)
      for start in Swift.stride(from: 0, to: file.count, by: stride) {
        result.add(file.bytes(in: start..<min(start + sampleSize, file.count)))
      }
    }
    return String(format: "%016llx", result.value)
  }

  /// All of a small file; of a large one a megabyte, which is as good where every part was computed anew.
  private static let (samples, sampleSize) = (256, 4096)
}
