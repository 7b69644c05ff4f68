import Foundation

/// COCO's form: detection data, or with captions grounding data as MDETR introduced it.
final class COCOWriter: DatasetWriter {
  let omittedObjects = 0
  private let file: OutputFile
  /// The file has images first; annotations wait beside it until there are no more of them.
  private let annotations: FileHandle
  /// Nil for grounding data.
  private let classes: [ObjectClass]?
  private let pictures: PictureNames
  private var imageCount = 0
  private var annotationCount = 0

  init(_ url: URL, classes: [ObjectClass]?, pictures: PictureNames) throws {
    (self.classes, self.pictures) = (classes, pictures)
    file = try OutputFile(url)
    let spool = url.deletingLastPathComponent().appending(
      path: ".\(url.lastPathComponent).\(UUID().uuidString).tmp")
    try Data().write(to: spool)
    annotations = try FileHandle(forUpdating: spool)
    // From here on it has no name, and goes when it is closed.
    try FileManager.default.removeItem(at: spool)
    try file.write("{\"info\": {}, \"licenses\": [],\n\"images\": [")
  }

  func write(_ record: Record) throws {
    if let classes { try record.requireClasses("COCO's form", classes) }
    var caption: String?
    if classes == nil {
      guard case .caption(let text) = record.text else {
        throw record.unwritable("MDETR's form requires a caption")
      }
      caption = text
    }
    let size = try record.knownSize()
    let id = JSONText.identifier(record.id)
    let image = JSONText.object([
      ("id", id), ("file_name", JSONText.string(try pictures.name(of: record))), ("width", "\(size.width)"),
      ("height", "\(size.height)"), ("caption", caption.map(JSONText.string)),
    ])
    try file.write((imageCount == 0 ? "\n" : ",\n") + image)
    imageCount += 1
    var text = ""
    for object in record.objects {
      annotationCount += 1
      text += annotationCount == 1 ? "\n" : ",\n"
      text += JSONText.object([
        ("id", "\(annotationCount)"), ("image_id", id),
        ("category_id", classes.flatMap { classes in object.classIndex.map { "\(classes[$0].id)" } } ?? "1"),
        ("bbox", JSONText.numbers(object.box.xywh)),
        ("area", JSONText.number(object.area ?? object.box.width * object.box.height)),
        ("iscrowd", object.isCrowd ? "1" : "0"), ("score", object.score.map(JSONText.number)),
        ("tokens_positive", classes == nil ? JSONText.spans(object.spans) : nil),
      ])
    }
    try annotations.write(contentsOf: Data(text.utf8))
  }

  func finish() throws {
    try file.write("\n],\n\"annotations\": [")
    try annotations.seek(toOffset: 0)
    while let part = try annotations.read(upToCount: 1 << 20), !part.isEmpty { try file.write(part) }
    let categories = (classes ?? [ObjectClass(id: 1, name: "object")]).map {
      JSONText.object([("id", "\($0.id)"), ("name", JSONText.string($0.name))])
    }
    try file.write("\n],\n\"categories\": [\n\(categories.joined(separator: ",\n"))\n]}\n")
    try file.commit()
  }
}
