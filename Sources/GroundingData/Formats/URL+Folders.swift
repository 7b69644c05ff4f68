import Foundation

extension URL {
  /// A path relative to this folder, or as it is if it is absolute.
  func file(_ path: String) -> URL {
    path.hasPrefix("/") ? URL(fileURLWithPath: path) : appending(path: path)
  }

  var isFolder: Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
  }
}
