import Foundation

/// A folder of detection data that has its pictures in one folder and a text for each picture in another.
struct PictureFolder {
  let classes: [ObjectClass]
  private let folder: OutputFolder
  private let pictures: PictureNames
  /// Of the format, for messages.
  private let format: String
  /// Name of the folder of texts, and the extension of their files.
  private let texts, type: String

  init(
    _ url: URL, classes: [ObjectClass], format: String, pictures: String, texts: String, type: String
  ) throws {
    (self.classes, self.format, self.texts, self.type) = (classes, format, texts, type)
    folder = try OutputFolder(url)
    self.pictures = .copied(to: folder.url.appending(path: pictures))
    try FileManager.default.createDirectory(
      at: folder.url.appending(path: texts), withIntermediateDirectories: true)
  }

  /// Copies a record's picture, and writes what `text` makes of the record.
  ///
  /// - Parameter text: gets the picture's file name and size
  func write(_ record: Record, text: (String, Record.Size) throws -> String) throws {
    try record.requireClasses(format, classes)
    let size = try record.knownSize()
    let text = try text(pictures.name(of: record), size)
    try write(text, to: "\(texts)/\(record.fileStem).\(type)")
  }

  /// Writes a file of the folder.
  func write(_ text: String, to path: String) throws {
    let file = folder.url.appending(path: path)
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: file)
  }

  func commit() throws { try folder.commit() }
}
