/// Detections measured as Pascal VOC does: each takes the object of its class that it overlaps most; a second one on the
/// same object is wrong, and one on a difficult object counts neither way.
///
/// Boxes of VOC name their first and last pixel; here they have a size: `xmax - xmin + 1` wide.
public struct VOCEvaluation: Sendable {
  /// One for each of the ground truth's classes.
  public let classes: [ClassResult]

  public struct ClassResult: Sendable, Hashable {
    /// Objects that are not difficult.
    public var objectCount: Int
    /// After each detection that counts, best first.
    public var recalls: [Double]
    public var precisions: [Double]

    /// The area below the curve of precision, since VOC 2010; `nil` without objects.
    public var averagePrecision: Double? {
      guard objectCount > 0 else { return nil }
      var (area, highest) = (0.0, 0.0)
      for index in recalls.indices.reversed() {
        highest = max(highest, precisions[index])
        area += (recalls[index] - (index > 0 ? recalls[index - 1] : 0)) * highest
      }
      return area
    }

    /// The mean of the precision at 11 recalls, as until VOC 2007; `nil` without objects.
    public var elevenPointPrecision: Double? {
      guard objectCount > 0 else { return nil }
      let sum = (0...10).reduce(0.0) { sum, step in
        // Rounded like the reference: a recall of 0.3 lies below the fourth point.
        let first = recalls.firstIndex { $0 >= Double(step) * 0.1 }
        return sum + (first.flatMap { precisions[$0...].max() } ?? 0)
      }
      return sum / 11
    }
  }

  /// - Parameter overlap: how much a detection must overlap an object, at least.
  /// - Throws: `EvaluationError` where a detection refers to a picture or class that is not there or has a score that
  ///   is not finite.
  public init(
    groundTruth: GroundTruth, detections: some Sequence<DetectedBox>, overlap: Double = 0.5
  ) throws {
    let detections = ContiguousArray(detections)
    try groundTruth.check(detections)
    let count = groundTruth.classes.count
    let objects = Grouping(groundTruth.boxes.count, into: count) { groundTruth.boxes[$0].classIndex }
    let detected = Grouping(detections.count, into: count) { detections[$0].classIndex }
    classes = concurrentMap(count) { index in
      let sorted = detected[index].map { detections[Int($0)] }.enumerated().sorted { one, other in
        one.element.score == other.element.score
          ? one.offset < other.offset : one.element.score > other.element.score
      }
      return ClassResult(
        objects: objects[index].map { groundTruth.boxes[Int($0)] }, detections: sorted.map(\.element),
        overlap: overlap)
    }
  }

  /// The mean of `averagePrecision` over the classes that have objects.
  public var meanAveragePrecision: Double? { Self.mean(classes.compactMap(\.averagePrecision)) }

  /// The mean of `elevenPointPrecision` over the classes that have objects.
  public var meanElevenPointPrecision: Double? { Self.mean(classes.compactMap(\.elevenPointPrecision)) }

  private static func mean(_ values: [Double]) -> Double? {
    values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
  }
}

extension VOCEvaluation.ClassResult {
  /// - Parameters:
  ///   - objects: of one class.
  ///   - detections: of the same class, best first.
  fileprivate init(objects: [GroundTruthBox], detections: [DetectedBox], overlap: Double) {
    let objectsOfImage = Dictionary(grouping: objects.indices) { objects[$0].imageIndex }
    objectCount = objects.count { !$0.isDifficult }
    (recalls, precisions) = ([], [])
    var isTaken = [Bool](repeating: false, count: objects.count)
    var (right, wrong) = (0, 0)
    for detection in detections {
      let overlaps = (objectsOfImage[detection.imageIndex] ?? []).map {
        (object: $0, overlap: detection.rectangle.overlap(with: objects[$0].rectangle))
      }
      // Of equal overlaps the first.
      let best = overlaps.reduce(nil as (object: Int, overlap: Double)?) { best, next in
        if let best, best.overlap >= next.overlap { best } else { next }
      }
      if let best, best.overlap >= overlap, objects[best.object].isDifficult { continue }
      if let best, best.overlap >= overlap, !isTaken[best.object] {
        isTaken[best.object] = true
        right += 1
      } else {
        wrong += 1
      }
      recalls.append(objectCount > 0 ? Double(right) / Double(objectCount) : 0)
      precisions.append(Double(right) / Double(right + wrong))
    }
  }
}
