import Foundation

/// JSON lines in ODVG's form; the names of classes go beside them.
final class ODVGWriter: DatasetWriter {
  private(set) var omittedObjects = 0
  private let file: OutputFile
  private let labelMap: OutputFile?
  private let classes: [ObjectClass]
  private let pictures: PictureNames

  init(_ url: URL, classes: [ObjectClass], pictures: PictureNames) throws {
    (self.classes, self.pictures) = (classes, pictures)
    file = try OutputFile(url)
    labelMap = classes.isEmpty ? nil : try OutputFile(Self.labelMap(of: url))
  }

  /// Where the names of classes are written: `data.jsonl` has its own in `data_label_map.json`.
  static func labelMap(of url: URL) -> URL {
    url.deletingPathExtension().deletingLastPathComponent()
      .appending(path: url.deletingPathExtension().lastPathComponent + "_label_map.json")
  }

  func write(_ record: Record) throws {
    let size = try record.knownSize()
    let name = try pictures.name(of: record)
    let content = try ODVGText.content(of: record, classes: classes)
    omittedObjects += record.objects.count { $0.isCrowd }
    let line = JSONText.object(
      [
        ("filename", JSONText.string(name)), ("height", "\(size.height)"), ("width", "\(size.width)"),
      ] + [content])
    try file.write(line + "\n")
  }

  func finish() throws {
    try labelMap?.write(ODVGText.labelMap(classes) + "\n")
    try labelMap?.commit()
    try file.commit()
  }
}

/// Records in ODVG's form, without what is said of the picture. Labels count from 0.
enum ODVGText {
  static func content(of record: Record, classes: [ObjectClass]) throws -> (String, String?) {
    let objects = record.objects.filter { !$0.isCrowd }
    guard case .caption(let caption) = record.text else {
      try record.requireClasses("ODVG's form", classes)
      let instances = objects.map { object in
        JSONText.object([
          ("bbox", JSONText.numbers(object.box.corners)),
          ("label", object.classIndex.map { "\($0)" }),
          ("category", object.classIndex.map { JSONText.string(classes[$0].name) }),
          ("score", object.score.map(JSONText.number)),
        ])
      }
      return ("detection", JSONText.object([("instances", JSONText.list(instances))]))
    }
    let scalars = Array(caption.unicodeScalars)
    let regions = objects.map { object in
      let words = object.spans.map { span in
        String(String.UnicodeScalarView(scalars[span.clamped(to: scalars.indices)]))
      }
      return JSONText.object([
        ("bbox", JSONText.numbers(object.box.corners)),
        ("phrase", JSONText.string(words.joined(separator: " "))),
        ("tokens_positive", JSONText.spans(object.spans)), ("score", object.score.map(JSONText.number)),
      ])
    }
    return (
      "grounding",
      JSONText.object([("caption", JSONText.string(caption)), ("regions", JSONText.list(regions))])
    )
  }

  static func labelMap(_ classes: [ObjectClass]) -> String {
    JSONText.object(classes.enumerated().map { ("\($0)", JSONText.string($1.name)) })
  }
}
