import GroundingData

/// A caption whose phrases are looked for, and where the objects are that they mean.
public struct CaptionTruth: Sendable, Hashable {
  public var text: String
  public var phrases: [Phrase]

  public struct Phrase: Sendable, Hashable {
    /// In Unicode scalars of the caption.
    public var span: Range<Int>
    /// Such as "people", where the annotations tell.
    public var types: [String]
    public var boxes: [Rectangle]
  }

  /// - Throws: `DatasetError`; `EvaluationError` where there is nothing to look for.
  init(_ record: Record, at index: Int, of dataset: any CheckedDataset, _ benchmark: Benchmark) throws {
    guard case .caption(let caption) = record.text else {
      throw EvaluationError(.malformed, "record \(record.id) of \(dataset.name) has no caption")
    }
    text = caption
    let objects = record.objects.filter { !$0.isCrowd }
    if benchmark == .refcoco {
      guard let object = objects.first, objects.count == 1 else {
        throw EvaluationError(
          .malformed,
          "record \(record.id) of \(dataset.name) has \(objects.count) objects; an expression refers to one")
      }
      let whole = 0..<caption.unicodeScalars.count
      phrases = [
        Phrase(span: Self.enclosing(object.spans) ?? whole, types: [], boxes: [Rectangle(object.box)])
      ]
      return
    }
    let (source, position) = dataset.origin(of: index)
    let entities = (source as? FlickrDataset)?.phrases(at: position) ?? []
    let listed = try (source as? MDETRDataset)?.evaluatedPhrases(at: position) ?? []
    phrases = (listed.isEmpty ? Self.distinct(objects.map(\.spans)) : listed).compactMap { spans in
      guard let span = Self.enclosing(spans) else { return nil }
      let meant = objects.filter { object in
        object.spans.contains { own in spans.contains { $0.overlaps(own) } }
      }
      let types = entities.first { $0.span == span }?.types ?? []
      return Phrase(span: span, types: types, boxes: meant.map { Rectangle($0.box) })
    }
  }

  /// From the first word to the last; nil without any.
  private static func enclosing(_ spans: [Range<Int>]) -> Range<Int>? {
    guard let first = spans.map(\.lowerBound).min(), let last = spans.map(\.upperBound).max() else {
      return nil
    }
    return first..<last
  }

  private static func distinct(_ lists: [[Range<Int>]]) -> [[Range<Int>]] {
    var known: Set<[Range<Int>]> = []
    return lists.filter { known.insert($0).inserted }
  }
}

extension Rectangle {
  /// Of a box by its first and last pixel.
  init(_ box: CornerBox) { self.init(x: box.x0, y: box.y0, width: box.width, height: box.height) }
}
