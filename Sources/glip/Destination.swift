import Foundation

/// Where a command writes. What can be known to go wrong is found before the work whose result it takes.
struct Destination {
  let path: String
  var url: URL { URL(fileURLWithPath: path) }

  /// - Parameter inputs: files that must not be written over.
  /// - Throws: `CommandError` if the path is one of them, or no file can be there.
  init(_ path: String, keeping inputs: [String]) throws {
    self.path = path
    var info = stat()
    if stat(path, &info) == 0 {
      let kind = info.st_mode & S_IFMT
      guard kind != S_IFDIR else { throw CommandError("\(path) cannot be written: it is a folder") }
      guard kind == S_IFREG else { throw CommandError("\(path) cannot be written: it is not a regular file") }
      guard !inputs.contains(where: { FileIdentity($0) == FileIdentity(path) }) else {
        throw CommandError("\(path) is one of the files that are read; name another place to write to")
      }
    }
    try Self.checkFolder(path.isEmpty ? path : Self.parent(of: path))
  }

  /// - Throws: `CommandError` if there can be no such folder to write in.
  static func checkFolder(_ path: String) throws {
    guard !path.isEmpty else { throw CommandError("An empty path is no place to write to") }
    var folder = path
    while access(folder, F_OK) != 0, errno == ENOENT { folder = parent(of: folder) }
    var info = stat()
    let reason: String
    if stat(folder, &info) != 0 {
      reason = String(cString: strerror(errno)).lowercased()
    } else if info.st_mode & S_IFMT != S_IFDIR {
      reason = "it is not a folder"
    } else if access(folder, W_OK | X_OK) != 0 {
      reason = String(cString: strerror(errno)).lowercased()
    } else {
      return
    }
    throw CommandError("Nothing can be written in \(folder): \(reason)")
  }

  /// The folder that a path lies in, written as the path is.
  private static func parent(of path: String) -> String {
    let parts = path.split(separator: "/").dropLast()
    return path.hasPrefix("/")
      ? "/" + parts.joined(separator: "/") : parts.isEmpty ? "." : parts.joined(separator: "/")
  }

  /// Makes the folder that the file lies in.
  func makeFolder() throws {
    let folder = url.deletingLastPathComponent()
    do { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) } catch {
      throw CommandError("The folder \(folder.relativePath) cannot be made: \(reason(error))")
    }
  }

  /// Writes the file, whole or not at all; its folder is there.
  func write(_ data: Data) throws {
    do { try Interruption.whileDeferred { try data.write(to: url, options: .atomic) } } catch {
      throw CommandError("\(path) cannot be written: \(reason(error))")
    }
  }
}

/// The same for every name of one file.
private struct FileIdentity: Equatable {
  let device: UInt64
  let number: UInt64

  init?(_ path: String) {
    var info = stat()
    guard stat(path, &info) == 0 else { return nil }
    device = UInt64(truncatingIfNeeded: info.st_dev)
    number = UInt64(truncatingIfNeeded: info.st_ino)
  }
}
