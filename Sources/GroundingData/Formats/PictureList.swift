import Foundation

/// Pictures without annotations, each with a caption in a text file beside it, or with none.
public struct PictureList: CheckedDataset {
  public let name: String
  public let faults = FaultLog(.fail)
  private let files: [URL]
  private let ids: [String]
  private let hasCaptions: Bool
  public let picturesFolder: URL?

  /// More is no caption.
  private static let longestCaption = 1 << 20

  /// - Parameters:
  ///   - files: the pictures, with the names that are to tell them apart, such as paths below a folder
  ///   - hasCaptions: whether the caption of `a.jpg` is in `a.txt`
  public init(name: String, files: [(url: URL, name: String)], hasCaptions: Bool) {
    (self.name, self.hasCaptions) = (name, hasCaptions)
    self.files = files.map(\.url)
    ids = Self.ids(files.map(\.name))
    picturesFolder = URL.commonFolder(files.map { $0.url.deletingLastPathComponent() })
  }

  public var format: DatasetDescription.Format? { nil }
  public var classes: [ObjectClass] { [] }
  public var count: Int { files.count }
  public func size(at index: Int) -> Record.Size? { nil }

  public func record(at index: Int) throws -> Record {
    var record = Record(id: ids[index], picture: .file(files[index]), text: .classes, objects: [])
    guard hasCaptions else { return record }
    let file = files[index].deletingPathExtension().appendingPathExtension("txt")
    guard FileManager.default.fileExists(atPath: file.path) else {
      throw DatasetError(file: file, "there is no such file, which should hold the picture's caption")
    }
    let text = try AnnotationFile(file)
    guard text.count <= Self.longestCaption else {
      throw DatasetError(file: file, "it is too long for a caption")
    }
    record.text = .caption(try text.text().trimmingCharacters(in: .whitespacesAndNewlines))
    return record
  }

  /// Names without the type of file, but where two differ in it only.
  private static func ids(_ names: [String]) -> [String] {
    let stems = names.map { name in
      let type = URL(fileURLWithPath: name).pathExtension
      return type.isEmpty ? name : String(name.dropLast(type.count + 1))
    }
    let uses = Dictionary(stems.map { ($0, 1) }, uniquingKeysWith: +)
    return zip(stems, names).map { uses[$0] == 1 ? $0 : $1 }
  }
}

extension URL {
  /// The folder that all of these are, or are in.
  static func commonFolder(_ folders: some Collection<URL>) -> URL? {
    var parts: [String]?
    for folder in Set(folders.map(\.standardizedFileURL.path)) {
      let next = folder.split(separator: "/").map(String.init)
      parts = parts.map { zip($0, next).prefix { $0 == $1 }.map(\.0) } ?? next
    }
    return parts.map { URL(fileURLWithPath: "/" + $0.joined(separator: "/"), isDirectory: true) }
  }
}
