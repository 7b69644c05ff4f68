import GroundingData
import Pictures

extension ContactSheet {
  /// A record's picture with its boxes, and what the record says in words.
  func tile(of record: Record, _ classes: [ObjectClass]) throws -> (picture: Picture, text: String) {
    let picture = try record.picture.load()
    let size = tileSize(width: picture.width, height: picture.height)
    let scale = (Double(size.width) / Double(picture.width), Double(size.height) / Double(picture.height))
    let words = Words(of: record, classes)
    let annotations = record.objects.enumerated().map { index, object in
      Annotation(
        box: PixelBox(
          x0: object.box.x0 * scale.0, y0: object.box.y0 * scale.1, x1: (object.box.x1 + 1) * scale.0,
          y1: (object.box.y1 + 1) * scale.1),
        label: words.label(of: object) + (object.isCrowd ? " (crowd)" : ""), score: object.score,
        colorIndex: object.classIndex ?? index)
    }
    let small = picture.resized(width: size.width, height: size.height)
    return (try small.annotated(annotations, style: AnnotationStyle(fontSize: 12)), words.text)
  }
}

/// What a record says in words.
private struct Words {
  private let caption: [Unicode.Scalar]?
  private let classes: [ObjectClass]
  /// The line below the picture.
  let text: String

  init(of record: Record, _ classes: [ObjectClass]) {
    self.classes = classes
    switch record.text {
    case .caption(let caption):
      self.caption = Array(caption.unicodeScalars)
      text = "\(record.id): \(caption)"
    case .classes:
      caption = nil
      let counts = Dictionary(grouping: record.objects.compactMap(\.classIndex)) { $0 }.mapValues(\.count)
      let list = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($1) \(classes[$0].name)" }
      text = "\(record.id): \(list.isEmpty ? "nothing" : list.joined(separator: ", "))"
    }
  }

  func label(of object: Record.Object) -> String {
    guard let caption else { return object.classIndex.map { classes[$0].name } ?? "" }
    return object.spans.map { span in
      String(String.UnicodeScalarView(caption[span.clamped(to: caption.indices)]))
    }.joined(separator: " … ")
  }
}
