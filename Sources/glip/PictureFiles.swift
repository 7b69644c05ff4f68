import ArgumentParser
import Foundation

#if canImport(Glibc)
  import Glibc
#endif

/// A picture to work on, and where its result belongs below an output folder.
struct PictureFile {
  let url: URL
  /// As the user named it.
  let path: String
  /// Below the folder that was given, or the bare name of a single file.
  let relativePath: String
}

enum PictureFiles {
  private static let extensions: Set<String> = [
    "jpg", "jpeg", "jpe", "png", "webp", "tif", "tiff", "gif", "bmp",
  ]

  /// Files, folders (their pictures; with `recursive` those of their folders too) and patterns, in the order given;
  /// what a folder or pattern stands for is sorted by name.
  static func find(_ arguments: [String], recursive: Bool) throws -> [PictureFile] {
    let found = try arguments.flatMap { argument -> [PictureFile] in
      var isFolder: ObjCBool = false
      if FileManager.default.fileExists(atPath: argument, isDirectory: &isFolder) {
        return isFolder.boolValue ? try pictures(inFolder: argument, recursive: recursive) : [file(argument)]
      }
      let matches = expand(argument)
      guard !matches.isEmpty else {
        // A plain name that does not exist is reported with the other pictures that cannot be read.
        if argument.contains(where: { "*?[".contains($0) }) {
          throw ValidationError("No file matches '\(argument)'.")
        }
        return [file(argument)]
      }
      return matches.map(file)
    }
    guard !found.isEmpty else {
      throw ValidationError("There is no picture in \(arguments.joined(separator: ", ")).")
    }
    return found
  }

  private static func file(_ path: String) -> PictureFile {
    let url = URL(fileURLWithPath: path)
    return PictureFile(url: url, path: path, relativePath: url.lastPathComponent)
  }

  private static func pictures(inFolder folder: String, recursive: Bool) throws -> [PictureFile] {
    let names =
      recursive
      ? try FileManager.default.subpathsOfDirectory(atPath: folder)
      : try FileManager.default.contentsOfDirectory(atPath: folder)
    let found = names.filter { extensions.contains(($0 as NSString).pathExtension.lowercased()) }.sorted()
    guard !found.isEmpty else { throw ValidationError("The folder \(folder) holds no picture.") }
    return found.map { name in
      let path = (folder as NSString).appendingPathComponent(name)
      return PictureFile(url: URL(fileURLWithPath: path), path: path, relativePath: name)
    }
  }

  /// Files that match a shell pattern, for shells that do not expand it and patterns in quotes.
  private static func expand(_ pattern: String) -> [String] {
    var result = glob_t()
    defer { globfree(&result) }
    guard glob(pattern, 0, nil, &result) == 0, let paths = result.gl_pathv else { return [] }
    return (0..<Int(result.gl_pathc)).compactMap { paths[$0].map { String(cString: $0) } }
  }
}
