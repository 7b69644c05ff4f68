import Foundation
import GLIP
import Pictures

/// Where annotated pictures go: a folder, or the file of a single picture.
struct AnnotatedOutput {
  let path: String
  /// One for each picture.
  private let targets: [Destination]

  /// - Throws: `CommandError` if the path cannot be written, or a picture that is read would be.
  init(_ path: String, for files: [PictureFile], keeping inputs: [String]) throws {
    self.path = path
    if Self.isFile(path) {
      guard files.count == 1 else {
        throw CommandError("--output \(path) is one file for \(files.count) pictures; name a folder")
      }
      let type = URL(fileURLWithPath: path).pathExtension.lowercased()
      guard ["png", "jpg", "jpeg"].contains(type) else {
        throw CommandError("--output \(path) is neither a folder nor a .png or .jpg file")
      }
      targets = [try Destination(path, keeping: inputs)]
    } else {
      try Destination.checkFolder(path)
      targets = try Self.names(for: files).map {
        try Destination(Self.path(of: $0, in: path), keeping: inputs)
      }
    }
  }

  /// Where the annotated video goes: the path itself, or a file in the folder that it names.
  ///
  /// - Throws: `CommandError` if the path cannot be written, or would be written over what is read.
  static func place(_ path: String, for video: PictureFile, keeping inputs: [String]) throws -> Destination {
    if isFile(path) {
      guard URL(fileURLWithPath: path).pathExtension.lowercased() == "mp4" else {
        throw CommandError("--output \(path) is neither a folder nor a .mp4 file")
      }
      return try Destination(path, keeping: inputs)
    }
    try Destination.checkFolder(path)
    let name = URL(fileURLWithPath: video.relativePath).deletingPathExtension().relativePath + ".mp4"
    return try Destination(Self.path(of: name, in: path), keeping: inputs)
  }

  /// Whether the path stands for one file, and not for a folder.
  private static func isFile(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
    let type = URL(fileURLWithPath: path).pathExtension.lowercased()
    return !isFolder.boolValue && !path.hasSuffix("/")
      && (exists || PictureFiles.extensions.contains(type) || PictureFiles.videoExtensions.contains(type))
  }

  private static func path(of name: String, in folder: String) -> String {
    (folder.hasSuffix("/") ? folder : folder + "/") + name
  }

  /// Names below the output folder, no two the same: pictures in different folders may share one.
  private static func names(for files: [PictureFile]) -> [String] {
    var taken: Set<String> = []
    return files.map { file in
      let base = URL(fileURLWithPath: file.relativePath).deletingPathExtension().relativePath
      let type = ["jpg", "jpeg"].contains(file.url.pathExtension.lowercased()) ? "jpg" : "png"
      var name = "\(base).\(type)"
      var number = 2
      while !taken.insert(name).inserted {
        name = "\(base)-\(number).\(type)"
        number += 1
      }
      return name
    }
  }

  /// Makes the folders, before pictures are worked on in vain.
  func prepare() throws {
    for target in targets { try target.makeFolder() }
  }

  /// Writes the picture at a position of the list with what was found on it.
  func write(_ picture: Picture, _ found: [Detection], at index: Int) throws {
    let annotated = try picture.annotated(found)
    try Interruption.whileDeferred { try annotated.write(to: targets[index].url) }
  }
}

extension Picture {
  /// The picture with the boxes of what was found on it.
  func annotated(_ found: [Detection]) throws -> Picture {
    try annotated(
      found.map { Annotation(box: $0.box, label: $0.label, score: $0.score, colorIndex: $0.labelIndex) })
  }
}
