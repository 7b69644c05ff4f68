import Crypto
import Foundation

/// A file on its way: `NAME.part`, hashed as it grows, and `NAME.part.etag`, which names the version on the
/// server that the bytes belong to. Without that name a later attempt could not tell whether they still fit.
final class PartialFile {
  private let target: URL
  private let part: URL
  private let validatorFile: URL
  private let handle: FileHandle
  private var hash = SHA256()

  var folder: URL { target.deletingLastPathComponent() }
  /// Bytes that have arrived.
  private(set) var size: Int64 = 0
  /// The strong entity tag of the bytes that have arrived.
  private(set) var validator: String?

  /// Opens what an earlier attempt has left, or an empty file, and keeps other downloads away from it.
  init(of target: URL) throws(DownloadError) {
    self.target = target
    part = target.appendingPathExtension("part")
    validatorFile = part.appendingPathExtension("etag")
    handle = try Self.attempt(part) { [part] in
      try FileManager.default.createDirectory(
        at: part.deletingLastPathComponent(), withIntermediateDirectories: true)
      let descriptor = open(part.path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
      guard descriptor >= 0 else { throw Self.systemError }
      return FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    }
    guard flock(handle.fileDescriptor, LOCK_EX | LOCK_NB) == 0, isStillThere else {
      throw .busy(file: target.path)
    }
    let tag = try? String(contentsOf: validatorFile, encoding: .utf8)
    if let tag, !tag.isEmpty {
      validator = tag
      (hash, size) = try Self.attempt(part) { [handle] in try SHA256.hash(contentsOf: handle) }
    } else {
      try restart(validator: nil)
    }
  }

  /// Between opening and locking, another download may have finished and renamed the file.
  private var isStillThere: Bool {
    var opened = stat()
    var named = stat()
    return fstat(handle.fileDescriptor, &opened) == 0 && stat(part.path, &named) == 0
      && opened.st_ino == named.st_ino
  }

  /// Drops what has arrived; what follows belongs to the version named by the entity tag.
  func restart(validator: String?) throws(DownloadError) {
    try Self.attempt(part) {
      try handle.truncate(atOffset: 0)
      if let validator {
        try Data(validator.utf8).write(to: validatorFile, options: .atomic)
      } else if FileManager.default.fileExists(atPath: validatorFile.path) {
        try FileManager.default.removeItem(at: validatorFile)
      }
    }
    self.validator = validator
    hash = SHA256()
    size = 0
  }

  func append(_ bytes: UnsafeRawBufferPointer) throws(DownloadError) {
    try Self.attempt(part) { try handle.write(contentsOf: Data(bytes)) }
    hash.update(bufferPointer: bytes)
    size += Int64(bytes.count)
  }

  /// The SHA-256 of what has arrived, in lower-case hexadecimal.
  var checksum: String { hash.finalize().hexadecimal }

  /// Gives the file its final name, with its checksum beside it in `sha256sum`'s format.
  func finish() throws(DownloadError) {
    let line = "\(checksum)  \(target.lastPathComponent)\n"
    try Self.attempt(target) {
      try handle.synchronize()
      try Data(line.utf8).write(to: target.appendingPathExtension("sha256"), options: .atomic)
      guard rename(part.path, target.path) == 0 else { throw Self.systemError }
    }
    try? FileManager.default.removeItem(at: validatorFile)
  }

  /// Removes what has arrived.
  func discard() {
    try? FileManager.default.removeItem(at: part)
    try? FileManager.default.removeItem(at: validatorFile)
  }

  /// Why the last system call failed.
  private static var systemError: POSIXError { POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }

  private static func attempt<R>(_ file: URL, _ work: () throws -> R) throws(DownloadError) -> R {
    do { return try work() } catch let error as CocoaError where error.code == .fileWriteOutOfSpace {
      throw .diskFull(folder: file.deletingLastPathComponent().path, needed: 1, available: 0)
    } catch { throw .file(path: file.path, reason: error.localizedDescription) }
  }
}

extension SHA256 {
  /// Hashes a file from its beginning, and leaves the handle at its end.
  static func hash(contentsOf handle: FileHandle) throws -> (hash: SHA256, size: Int64) {
    var hash = SHA256()
    var size: Int64 = 0
    try handle.seek(toOffset: 0)
    while let bytes = try handle.read(upToCount: 1 << 20), !bytes.isEmpty {
      hash.update(data: bytes)
      size += Int64(bytes.count)
    }
    return (hash, size)
  }
}

extension SHA256.Digest {
  var hexadecimal: String {
    map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
  }
}
