import Checkpoints
import Foundation

/// A file that is written piece by piece and takes its place when it is complete.
final class OutputFile {
  private let file: ReplacementFile
  private var buffer: [UInt8] = []
  private(set) var count = 0

  private static let bufferSize = 1 << 20

  init(_ url: URL) throws {
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    file = try ReplacementFile(for: url)
  }

  func write(_ text: String) throws { try write(text.utf8) }

  func write(_ bytes: some Sequence<UInt8>) throws {
    let before = buffer.count
    buffer.append(contentsOf: bytes)
    count += buffer.count - before
    if buffer.count >= Self.bufferSize { try flush() }
  }

  func commit() throws {
    try flush()
    try file.commit()
  }

  private func flush() throws {
    try buffer.withUnsafeBytes { try file.write($0) }
    buffer.removeAll(keepingCapacity: true)
  }
}

/// A folder that is filled beside its place, and takes it when it is complete.
final class OutputFolder {
  private let target: URL
  /// Where to write until then.
  let url: URL

  /// - Throws: `DatasetError` where there is something already.
  init(_ target: URL) throws {
    self.target = target
    let there = try? FileManager.default.contentsOfDirectory(atPath: target.path)
    guard there?.isEmpty ?? !FileManager.default.fileExists(atPath: target.path) else {
      throw DatasetError(file: target, "it is there already; name a folder that is not, or that is empty")
    }
    let target = target.standardizedFileURL
    url = target.deletingLastPathComponent()
      .appending(path: ".\(target.lastPathComponent).\(UUID().uuidString).tmp")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  // After `commit` there is nothing to remove.
  deinit { try? FileManager.default.removeItem(at: url) }

  func commit() throws {
    guard rename(url.path, target.path) == 0 else {
      throw DatasetError(file: target, "it cannot be written (\(String(cString: strerror(errno))))")
    }
  }
}
