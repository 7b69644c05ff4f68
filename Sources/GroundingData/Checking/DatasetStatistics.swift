import Foundation

/// What a data set is made of.
public struct DatasetStatistics: Sendable, Encodable {
  /// Of whole numbers of one kind.
  public struct Distribution: Sendable, Encodable {
    public private(set) var count = 0
    public private(set) var mean = 0.0
    public private(set) var minimum = 0
    public private(set) var median = 0
    public private(set) var p90 = 0
    public private(set) var maximum = 0

    /// - Parameter counts: how often each value occurs.
    init(_ counts: [Int: Int]) {
      count = counts.values.reduce(0, +)
      guard count > 0 else { return }
      let sorted = counts.sorted { $0.key < $1.key }
      func quantile(_ share: Double) -> Int {
        var rest = Int((share * Double(count)).rounded(.up))
        return sorted.first { (_, times) in
          rest -= times
          return rest <= 0
        }?.key ?? sorted[sorted.count - 1].key
      }
      mean = sorted.reduce(0) { $0 + Double($1.key) * Double($1.value) } / Double(count)
      (minimum, median, p90, maximum) = (
        sorted[0].key, quantile(0.5), quantile(0.9), sorted[sorted.count - 1].key
      )
    }
  }

  public struct ClassCount: Sendable, Encodable {
    public var id: Int
    public var name: String
    public var objects: Int
    /// Pictures with at least one such object.
    public var pictures: Int
  }

  public private(set) var records = 0
  public private(set) var recordsWithoutObjects = 0
  public private(set) var objects = 0
  public private(set) var crowds = 0
  /// From the most frequent to the rarest.
  public private(set) var classes: [ClassCount]
  public private(set) var objectsPerRecord: Distribution
  /// Square root of a box's area, in pixels.
  public private(set) var boxSides: Distribution
  /// COCO's three: boxes up to 32x32 pixels, up to 96x96, and above.
  public private(set) var smallBoxes = 0, mediumBoxes = 0, largeBoxes = 0
  /// Unicode scalars.
  public private(set) var captionLengths: Distribution
  public private(set) var spansPerObject: Distribution
  /// Unicode scalars of a span.
  public private(set) var spanLengths: Distribution
  /// Records and objects that are malformed and not counted above.
  public private(set) var faults: Int

  /// Reads all records, but no picture.
  ///
  /// - Parameter progress: called after each record with the number of those that are done.
  public init(of dataset: any CheckedDataset, progress: (Int) -> Void = { _ in }) throws {
    classes = dataset.classes.map { ClassCount(id: $0.id, name: $0.name, objects: 0, pictures: 0) }
    var (perRecord, sides, captions) = ([Int: Int](), [Int: Int](), [Int: Int]())
    var (spans, lengths) = ([Int: Int](), [Int: Int]())
    for index in 0..<dataset.count {
      defer { progress(index + 1) }
      guard let record = try dataset.soundRecord(at: index) else { continue }
      records += 1
      if record.objects.isEmpty { recordsWithoutObjects += 1 }
      objects += record.objects.count
      perRecord[record.objects.count, default: 0] += 1
      for position in Set(record.objects.compactMap(\.classIndex)) { classes[position].pictures += 1 }
      for object in record.objects {
        if object.isCrowd { crowds += 1 }
        if let position = object.classIndex { classes[position].objects += 1 }
        let area = object.box.width * object.box.height
        sides[Int(min(area.squareRoot(), 1e9).rounded()), default: 0] += 1
        if area <= 32 * 32 {
          smallBoxes += 1
        } else if area <= 96 * 96 {
          mediumBoxes += 1
        } else {
          largeBoxes += 1
        }
      }
      guard case .caption(let caption) = record.text else { continue }
      captions[caption.unicodeScalars.count, default: 0] += 1
      for object in record.objects {
        spans[object.spans.count, default: 0] += 1
        for span in object.spans { lengths[span.count, default: 0] += 1 }
      }
    }
    classes.sort { ($1.objects, $0.id) < ($0.objects, $1.id) }
    (objectsPerRecord, boxSides) = (Distribution(perRecord), Distribution(sides))
    captionLengths = Distribution(captions)
    (spansPerObject, spanLengths) = (Distribution(spans), Distribution(lengths))
    faults = dataset.faults.count
  }
}
