import Foundation
import Pictures

/// Writes records one by one; what it writes appears when it is finished, whole or not at all.
public protocol DatasetWriter: AnyObject {
  /// Objects that the format has no place for, and that were left out: crowds, where it knows none.
  var omittedObjects: Int { get }

  /// - Throws: `DatasetError` for a record that the format has no place for, a `PictureError` for a picture that cannot
  ///   be read, or an error of writing.
  func write(_ record: Record) throws

  /// Puts the result in its place. Without this call nothing remains.
  func finish() throws
}

/// A format that data sets are written in.
public enum WrittenFormat: String, Sendable, CaseIterable {
  case coco, mdetr, odvg, voc, yolo, tsv, webdataset
  case labelStudio = "label-studio"

  /// Whether the result is a folder that takes the pictures along; else it is one file that names them.
  public var isFolder: Bool {
    switch self {
    case .voc, .yolo, .tsv, .webdataset: true
    case .coco, .mdetr, .odvg, .labelStudio: false
    }
  }

  /// - Parameters:
  ///   - url: a file, or a folder that is not there yet.
  ///   - pictures: how a single file names them.
  ///   - model: which network the scores are of, where the format can tell.
  public func writer(
    to url: URL, classes: [ObjectClass], pictures: PictureNames, model: String? = nil
  ) throws -> any DatasetWriter {
    switch self {
    case .coco: try COCOWriter(url, classes: classes, pictures: pictures)
    case .mdetr: try COCOWriter(url, classes: nil, pictures: pictures)
    case .odvg: try ODVGWriter(url, classes: classes, pictures: pictures)
    case .voc: try VOCWriter(url, classes: classes)
    case .yolo: try YOLOWriter(url, classes: classes)
    case .tsv: try TSVWriter(url, classes: classes)
    case .webdataset: try WebDatasetWriter(url, classes: classes)
    case .labelStudio: try LabelStudioWriter(url, classes: classes, pictures: pictures, model: model)
    }
  }
}

/// How a file of annotations names its pictures.
public enum PictureNames: Sendable {
  /// They stay where they are, and names are relative to a folder.
  case relative(to: URL?)
  /// They are copied into a folder, under their records' ids.
  case copied(to: URL)
  /// Whoever keeps them says what they are called.
  case called(@Sendable (Record) -> String)

  /// The picture's name, after copying it if that is asked for.
  func name(of record: Record) throws -> String {
    switch self {
    case .called(let name): return name(record)
    case .copied(let folder):
      let bytes = try record.picture.bytes()
      let name = record.fileStem + "." + PictureNames.type(of: bytes)
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      try bytes.write(to: folder.appending(path: name), options: .atomic)
      return name
    case .relative(let folder):
      guard let folder, case .file(let url) = record.picture else {
        throw record.unwritable("a file cannot name its picture where it is; have the pictures copied")
      }
      let (base, path) = (folder.standardizedFileURL.path + "/", url.standardizedFileURL.path)
      guard path.hasPrefix(base) else {
        throw record.unwritable("its picture is not in \(folder.relativePath); have the pictures copied")
      }
      return String(path.dropFirst(base.count))
    }
  }

  /// The extension that names in tar archives and folders get, from a file's first bytes.
  package static func type(of bytes: Data) -> String {
    let types: [(String, [UInt8])] = [
      ("png", [0x89, 0x50, 0x4E, 0x47]), ("gif", Array("GIF8".utf8)), ("webp", Array("RIFF".utf8)),
      ("bmp", Array("BM".utf8)), ("tiff", [0x49, 0x49, 42, 0]), ("tiff", [0x4D, 0x4D, 0, 42]),
    ]
    return types.first { bytes.starts(with: $0.1) }?.0 ?? "jpg"
  }
}

extension Record {
  /// The id as the name of a file, with nothing that a path, a tar archive's first dot or a line could trip over; no
  /// two ids have the same.
  var fileStem: String {
    let stem = id.utf8.map { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
        String(UnicodeScalar(byte))
      default: String(format: "%%%02X", byte)
      }
    }.joined()
    return stem.isEmpty ? "%" : stem
  }

  /// Size of the picture, which is read where the annotations do not tell.
  package func knownSize() throws -> Size {
    if let size { return size }
    let picture = try picture.load()
    return Size(width: picture.width, height: picture.height)
  }

  /// - Throws: where a format of detection data is to take a sentence, or an object without a class.
  func requireClasses(_ format: String, _ classes: [ObjectClass]) throws {
    guard case .classes = text else { throw unwritable("\(format) has no place for a caption") }
    for object in objects where object.classIndex.map({ classes.indices.contains($0) }) != true {
      throw unwritable("an object has no class, which \(format) requires")
    }
  }

  func unwritable(_ reason: String) -> DatasetError {
    DatasetError(file: URL(fileURLWithPath: picture.name), place: "record \(id)", reason)
  }
}
