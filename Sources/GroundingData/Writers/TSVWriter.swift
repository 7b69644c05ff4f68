import Foundation

/// The authors' TSV files in a folder, with `data.yaml` to open them by.
final class TSVWriter: DatasetWriter {
  private(set) var omittedObjects = 0
  private let folder: OutputFolder
  private let classes: [ObjectClass]
  private let images, labels, sizes: Rows

  /// A file of rows and one of their offsets.
  private final class Rows {
    private let rows, offsets: OutputFile

    init(_ folder: URL, _ name: String) throws {
      rows = try OutputFile(folder.appending(path: "\(name).tsv"))
      offsets = try OutputFile(folder.appending(path: "\(name).lineidx"))
    }

    func write(_ key: String, _ value: some Sequence<UInt8>) throws {
      try offsets.write("\(rows.count)\n")
      try rows.write("\(key)\t")
      try rows.write(value)
      try rows.write("\n")
    }

    func commit() throws {
      try rows.commit()
      try offsets.commit()
    }
  }

  init(_ url: URL, classes: [ObjectClass]) throws {
    self.classes = classes
    folder = try OutputFolder(url)
    images = try Rows(folder.url, "images")
    labels = try Rows(folder.url, "labels")
    sizes = try Rows(folder.url, "hw")
  }

  func write(_ record: Record) throws {
    let size = try record.knownSize()
    guard !record.id.contains(where: { $0 == "\t" || $0.isNewline }) else {
      throw record.unwritable("its id holds a tab or the end of a line")
    }
    let label = try label(of: record, size)
    try images.write(record.id, try record.picture.bytes().base64EncodedData())
    try sizes.write(record.id, "[{\"height\": \(size.height), \"width\": \(size.width)}]".utf8)
    try labels.write(record.id, label.utf8)
    omittedObjects += record.objects.count { $0.isCrowd }
  }

  private func label(of record: Record, _ size: Record.Size) throws -> String {
    guard case .caption(let caption) = record.text else {
      try record.requireClasses("the TSV of detection data", classes)
      return JSONText.list(
        record.objects.filter { !$0.isCrowd }.map { object in
          JSONText.object([
            ("class", object.classIndex.map { JSONText.string(classes[$0].name) }),
            ("rect", JSONText.numbers(object.box.corners)), ("conf", object.score.map(JSONText.number)),
          ])
        })
    }
    return CaptionText.object(of: record, caption, size)
  }

  func finish() throws {
    for rows in [images, labels, sizes] { try rows.commit() }
    var yaml = "img: images.tsv\nlabel: labels.tsv\nhw: hw.tsv\n"
    if !classes.isEmpty {
      // The authors number from 1, 0 being the background.
      let map = JSONText.object(classes.enumerated().map { ($1.name, "\($0 + 1)") })
      try Data((map + "\n").utf8).write(to: folder.url.appending(path: "labelmap.json"))
      yaml += "labelmap: labelmap.json\n"
    }
    try Data(yaml.utf8).write(to: folder.url.appending(path: "data.yaml"))
    try folder.commit()
  }
}

/// Captions with boxes in the form of the authors' caption data, version 1.
enum CaptionText {
  static func object(of record: Record, _ caption: String, _ size: Record.Size) -> String {
    let objects = record.objects.filter { !$0.isCrowd }
    let scores = objects.compactMap(\.score)
    return JSONText.object([
      ("img_h", "\(size.height)"), ("img_w", "\(size.width)"), ("caption", JSONText.string(caption)),
      ("tokens_positive", JSONText.list(objects.map { JSONText.spans($0.spans) })),
      ("bboxes", JSONText.list(objects.map { JSONText.numbers($0.box.corners) })),
      // All or none: the form has no place for a score that is not known.
      ("scores", scores.count == objects.count && !scores.isEmpty ? JSONText.numbers(scores) : nil),
    ])
  }
}
