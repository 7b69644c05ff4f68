import Checkpoints
import Crypto
import Foundation

/// The files of pictures, named by their hashes, 256 folders of them. No name that a client gives is ever a path.
struct PictureFiles: Sendable {
  private let folder: URL

  init(_ folder: URL) throws {
    self.folder = folder
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  /// SHA-256 in hexadecimal digits.
  static func hash(of data: Data) -> String {
    SHA256.hash(data: data).map { String(format: "%02x", $0) }.joined()
  }

  func url(of hash: String) -> URL {
    folder.appending(path: String(hash.prefix(2))).appending(path: hash)
  }

  /// Returns when the file and its name are on the disk.
  func write(_ data: Data, hash: String) throws {
    let target = url(of: hash)
    let place = target.deletingLastPathComponent()
    let isNew = !FileManager.default.fileExists(atPath: place.path)
    try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
    let file = try ReplacementFile(for: target)
    try data.withUnsafeBytes { try file.write($0) }
    try file.commit()
    Self.synchronize(place)
    if isNew { Self.synchronize(folder) }
  }

  func remove(_ hash: String) { unlink(url(of: hash).path) }

  /// Removes what an interrupted change has left.
  func removeAll(except known: Set<String>) throws {
    let files = FileManager.default
    for place in try files.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil) {
      for file in (try? files.contentsOfDirectory(at: place, includingPropertiesForKeys: nil)) ?? []
      where !known.contains(file.lastPathComponent) {
        unlink(file.path)
      }
    }
  }

  /// Names are part of their folder, which has to reach the disk, too.
  private static func synchronize(_ folder: URL) {
    let descriptor = open(folder.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    fsync(descriptor)
    close(descriptor)
  }
}
