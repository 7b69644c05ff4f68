import Foundation

/// A picture to work on, and where its result belongs below an output folder.
struct PictureFile {
  /// As the user named it.
  let path: String
  /// Below the folder that was given, or the bare name of a single file.
  let relativePath: String

  var url: URL { URL(fileURLWithPath: path) }
  /// By its name.
  var isVideo: Bool { PictureFiles.videoExtensions.contains(url.pathExtension.lowercased()) }
}

enum PictureFiles {
  static let extensions: Set<String> = ["jpg", "jpeg", "jpe", "png", "webp", "tif", "tiff", "gif", "bmp"]
  static let videoExtensions: Set<String> = [
    "mp4", "m4v", "mov", "mkv", "webm", "avi", "mpg", "mpeg", "ogv",
  ]

  /// Files, folders (their pictures; with `recursive` those of their folders too) and patterns, in the order given;
  /// what a folder or pattern stands for is sorted by name.
  static func find(_ arguments: [String], recursive: Bool) throws -> [PictureFile] {
    try arguments.flatMap { argument in
      if isFolder(argument) { return try pictures(inFolder: argument, recursive: recursive) }
      if FileManager.default.fileExists(atPath: argument) { return [file(argument)] }
      let matches = expand(argument).filter { !isFolder($0) }
      // A plain name that does not exist is reported with the other pictures that cannot be read.
      guard !matches.isEmpty || !argument.contains(where: "*?[".contains) else {
        throw CommandError("No file matches '\(argument)'")
      }
      return matches.isEmpty ? [file(argument)] : matches.map(file)
    }
  }

  /// Whether it is a picture, by its name, or a folder or pattern of some.
  static func arePictures(_ argument: String) -> Bool {
    ((try? find([argument], recursive: false)) ?? []).contains { isPicture($0) }
  }

  private static func file(_ path: String) -> PictureFile {
    PictureFile(path: path, relativePath: URL(fileURLWithPath: path).lastPathComponent)
  }

  private static func isFolder(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
  }

  private static func pictures(inFolder folder: String, recursive: Bool) throws -> [PictureFile] {
    let names: [String]
    do {
      names =
        recursive
        ? try FileManager.default.subpathsOfDirectory(atPath: folder)
        : try FileManager.default.contentsOfDirectory(atPath: folder)
    } catch {
      throw CommandError("The folder \(folder) cannot be read: \(reason(error))")
    }
    let files = names.sorted().map { name in
      PictureFile(path: (folder.hasSuffix("/") ? folder : folder + "/") + name, relativePath: name)
    }.filter(isPicture)
    guard !files.isEmpty else {
      let hint = recursive ? "" : " (--recursive looks into its folders, too)"
      throw CommandError("The folder \(folder) holds no picture\(hint)")
    }
    return files
  }

  /// By its name: hidden files are left alone, as the shell does.
  private static func isPicture(_ file: PictureFile) -> Bool {
    extensions.contains(file.url.pathExtension.lowercased())
      && !file.relativePath.split(separator: "/").contains { $0.hasPrefix(".") }
      && !isFolder(file.path)
  }

  /// Files that match a shell pattern, for shells that do not expand it and patterns in quotes.
  private static func expand(_ pattern: String) -> [String] {
    var result = glob_t()
    defer { globfree(&result) }
    guard glob(pattern, 0, nil, &result) == 0, let paths = result.gl_pathv else { return [] }
    return (0..<Int(result.gl_pathc)).compactMap { paths[$0].map { String(cString: $0) } }
  }
}
