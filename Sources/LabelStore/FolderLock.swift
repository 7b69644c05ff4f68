import Foundation

/// Keeps other processes out of a folder until it goes, or its process ends in whatever way.
final class FolderLock: Sendable {
  private let descriptor: Int32

  /// - Throws: `LabelStoreError`
  init(_ folder: URL) throws {
    descriptor = open(folder.appending(path: "lock").path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw LabelStoreError.unusable(
        folder: folder.relativePath, reason: String(cString: strerror(errno)).lowercased())
    }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      close(descriptor)
      throw LabelStoreError.inUse(folder: folder.relativePath)
    }
  }

  deinit { close(descriptor) }
}
