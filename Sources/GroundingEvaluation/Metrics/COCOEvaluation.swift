/// Detections measured as COCO does: average precision and recall over overlaps, classes and sizes of objects.
///
/// All figures are those of COCO's own code, with one exception: there an object whose annotation has the id 0 counts
/// as not found even if it was.
public struct COCOEvaluation: Sendable {
  /// What was measured. Precision and recall of every class and overlap are there to be averaged otherwise, or drawn.
  public let result: PrecisionTable

  /// - Parameters:
  ///   - classes: positions of the classes to measure; the others' detections and objects are left aside.
  ///   - images: positions of the pictures to measure; what is on others is left aside.
  /// - Throws: `EvaluationError` where a detection refers to a picture or class that is not there or has a score that
  ///   is not finite, or where parameters make no sense.
  public init(
    groundTruth: GroundTruth, detections: some Sequence<DetectedBox>,
    parameters: PrecisionParameters = PrecisionParameters(), classes: Set<Int>? = nil, images: Set<Int>? = nil
  ) throws {
    try parameters.validate()
    let detections = ContiguousArray(detections)
    try groundTruth.check(detections)
    let isMeasured = images.map { images in groundTruth.images.indices.map(images.contains) }
    let objects = Grouping(groundTruth.boxes.count, into: groundTruth.classes.count) { position in
      let box = groundTruth.boxes[position]
      return isMeasured?[box.imageIndex] ?? true ? box.classIndex : nil
    }
    let detected = Grouping(detections.count, into: groundTruth.classes.count) { position in
      let box = detections[position]
      return isMeasured?[box.imageIndex] ?? true ? box.classIndex : nil
    }
    result = PrecisionTable(
      groundTruth: groundTruth, objects: objects, detections: detections, detected: detected,
      parameters: parameters, isIncluded: { classes?.contains($0) ?? true })
  }

  /// COCO's twelve figures in its order; `nil` where there is no object that could be found, or where the parameters do
  /// not have the range of areas or the overlap.
  public var figures: [Figure] {
    let limits = result.parameters.detectionLimits
    let sizes: [(letter: String, area: PrecisionParameters.AreaRange)] = [
      ("s", .small), ("m", .medium), ("l", .large),
    ]
    return [
      Figure(name: "AP", value: result.averagePrecision()),
      Figure(name: "AP50", value: result.averagePrecision(overlap: 0.5)),
      Figure(name: "AP75", value: result.averagePrecision(overlap: 0.75)),
    ]
      + sizes.map { Figure(name: "AP\($0.letter)", value: result.averagePrecision(area: $0.area)) }
      + limits.map { Figure(name: "AR@\($0)", value: result.averageRecall(limit: $0)) }
      + sizes.map { Figure(name: "AR\($0.letter)", value: result.averageRecall(area: $0.area)) }
  }
}

/// A number with the name that the benchmark has for it.
public struct Figure: Sendable, Hashable {
  public var name: String
  /// 0 to 1.
  public var value: Double?

  public init(name: String, value: Double?) { (self.name, self.value) = (name, value) }
}
