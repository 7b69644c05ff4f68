import Foundation

/// A list of pictures and captions: JSON lines with a member for each, or rows of a table whose columns are separated by
/// tabs (`.tsv`) or commas (`.csv`). The first row may name the columns; without that, the first column is the picture
/// and the second the caption. A record's id is its number.
public struct CaptionList: CheckedDataset {
  private enum Rows: Sendable {
    case json(LineIndex)
    case tabs(LineIndex)
    case commas(CommaSeparatedFile)
  }

  public let name: String
  public let faults = FaultLog(.fail)
  public let picturesFolder: URL?
  private let rows: Rows
  private let pictures: PictureFolders
  /// Rows before the first record.
  private let headCount: Int
  private let columns: (picture: Int, caption: Int)

  private static let pictureNames = [
    "picture", "image", "file", "filename", "file_name", "filepath", "path", "image_path", "picture_path",
  ]
  private static let captionNames = ["caption", "text", "sentence", "description"]

  /// - Parameter pictures: the folder that names of pictures are relative to.
  public init(_ url: URL, pictures: URL, name: String? = nil) throws(DatasetError) {
    self.name = name ?? url.relativePath
    (self.pictures, picturesFolder) = (PictureFolders(pictures), pictures)
    let file = try AnnotationFile(url)
    switch url.pathExtension.lowercased() {
    case "csv": rows = .commas(CommaSeparatedFile(file))
    case "tsv", "tab", "txt": rows = .tabs(LineIndex(file))
    default: rows = .json(LineIndex(file))
    }
    var (headCount, columns) = (0, (picture: 0, caption: 1))
    if case .json = rows {
    } else {
      let head = ((try? Self.values(of: 0, in: rows)) ?? []).map {
        $0.trimmingCharacters(in: .whitespaces).lowercased()
      }
      let places = [Self.pictureNames, Self.captionNames].map { names in
        head.firstIndex(where: names.contains)
      }
      if let picture = places[0], let caption = places[1] { (headCount, columns) = (1, (picture, caption)) }
    }
    (self.headCount, self.columns) = (headCount, columns)
  }

  /// Whether the first line of a file is JSON with a picture and a caption; other JSON lines are ODVG's.
  public static func isCaptionList(_ url: URL) -> Bool {
    guard let file = try? AnnotationFile(url), let lines = Optional(LineIndex(file)), lines.count > 0,
      let line = try? lines.object(in: lines.range(at: 0))
    else { return false }
    return value(pictureNames, in: line) != nil && value(captionNames, in: line) != nil
  }

  public var format: DatasetDescription.Format? { nil }
  public var classes: [ObjectClass] { [] }
  public func size(at index: Int) -> Record.Size? { nil }

  public var count: Int {
    switch rows {
    case .json(let lines), .tabs(let lines): lines.count - headCount
    case .commas(let file): file.count - headCount
    }
  }

  public func record(at index: Int) throws -> Record {
    do {
      let (picture, caption) = try pictureAndCaption(of: index + headCount)
      let isAbsolute = picture.hasPrefix("/") && !picture.contains("\0")
      return Record(
        id: String(index + 1),
        picture: isAbsolute ? .file(URL(fileURLWithPath: picture)) : try pictures.source(of: picture),
        text: .caption(caption.trimmingCharacters(in: .whitespacesAndNewlines)), objects: [])
    } catch {
      throw file.error("row \(index + headCount + 1)", error)
    }
  }

  private var file: AnnotationFile {
    switch rows {
    case .json(let lines), .tabs(let lines): lines.file
    case .commas(let table): table.file
    }
  }

  private func pictureAndCaption(of row: Int) throws(Fault) -> (String, String) {
    guard case .json(let lines) = rows else {
      let values = try Self.values(of: row, in: rows)
      guard values.count > max(columns.picture, columns.caption) else {
        throw Fault("it has \(values.count) columns, and no picture and caption therefore")
      }
      return (values[columns.picture], values[columns.caption])
    }
    let line = try lines.object(in: lines.range(at: row))
    guard let picture = Self.value(Self.pictureNames, in: line) else { throw Fault("it names no picture") }
    guard let caption = Self.value(Self.captionNames, in: line) else { throw Fault("it has no caption") }
    return (picture, caption)
  }

  private static func value(_ names: [String], in line: JSONObject) -> String? {
    names.lazy.compactMap { try? line.string($0) }.first
  }

  private static func values(of row: Int, in rows: Rows) throws(Fault) -> [String] {
    switch rows {
    case .json: return []
    case .commas(let file): return try file.values(of: row)
    case .tabs(let lines):
      guard let text = String(validating: lines.file.bytes[lines.range(at: row)], as: UTF8.self) else {
        throw Fault("it is not UTF-8 text")
      }
      return text.trimmingSuffix { $0 == "\r" || $0 == "\n" }.components(separatedBy: "\t")
    }
  }
}

extension String {
  fileprivate func trimmingSuffix(while predicate: (Character) -> Bool) -> String {
    var rest = self[...]
    while let last = rest.last, predicate(last) { rest.removeLast() }
    return String(rest)
  }
}
