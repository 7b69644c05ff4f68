import Foundation

/// A short text that tells contents apart: FNV-1a over words of eight bytes. Not a protection against anyone.
public struct Fingerprint: Sendable, CustomStringConvertible {
  public private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

  public init() {}

  public init(_ text: String) { add(text) }

  /// Of all of a file's bytes.
  ///
  /// - Throws: `CheckpointError` where it cannot be read.
  public init(contentsOf file: URL) throws {
    let mapped = try MappedFile(file)
    add(mapped.bytes(in: 0..<mapped.count))
    withExtendedLifetime(mapped) {}
  }

  /// Of a file that may be large: its size and samples from all over it, which is as good where every part was made
  /// anew. Of a folder: names and sizes of all files in it.
  ///
  /// - Parameter other: a folder that may be in it, and does not count.
  /// - Throws: if it cannot be read.
  public init(sampling url: URL, without other: URL? = nil) throws {
    var isFolder: ObjCBool = false
    _ = FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder)
    guard !isFolder.boolValue else {
      for name in try FileManager.default.subpathsOfDirectory(atPath: url.path).sorted() {
        let path = url.standardizedFileURL.path + "/" + name
        if let other, path.hasPrefix(other.standardizedFileURL.path + "/") { continue }
        var info = stat()
        guard stat(path, &info) == 0, info.st_mode & S_IFMT == S_IFREG else { continue }
        add("\(name)\0\(info.st_size)")
      }
      return
    }
    let file = try MappedFile(url)
    add("\(file.count)")
    let (samples, sampleSize) = (256, 4096)
    for start in stride(from: 0, to: file.count, by: max(file.count / samples, sampleSize)) {
      add(file.bytes(in: start..<min(start + sampleSize, file.count)))
    }
    withExtendedLifetime(file) {}
  }

  public mutating func add(_ text: String) {
    var text = text
    text.withUTF8 { add(UnsafeRawBufferPointer($0)) }
  }

  private mutating func add(_ bytes: UnsafeRawBufferPointer) {
    mix(UInt64(bytes.count))
    let whole = bytes.count & ~7
    for offset in stride(from: 0, to: whole, by: 8) {
      mix(bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }
    for offset in whole..<bytes.count { mix(UInt64(bytes[offset])) }
  }

  private mutating func mix(_ word: UInt64) {
    value = (value ^ word) &* 0x100_0000_01b3
    // Multiplication carries upwards only.
    value ^= value >> 32
  }

  public var description: String { String(value, radix: 16) }
}
