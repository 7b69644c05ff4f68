/// Detections measured as LVIS does, whose pictures are not annotated with every class: on each, a class counts only
/// if the picture has it or is known not to have it.
public struct LVISEvaluation: Sendable {
  public let result: PrecisionTable
  public let limit: Limit
  /// Positions of the classes of each group.
  private let groups: [GroundTruth.Frequency: [Int]]

  /// Which of the detections count.
  public enum Limit: Sendable, Hashable {
    /// The best ones of each picture, whatever their class; LVIS takes 300.
    case perImage(Int)
    /// The best ones of each class over all pictures: "fixed AP", for which GLIP takes 10,000.
    case perClass(Int)

    var count: Int {
      switch self {
      case .perImage(let count), .perClass(let count): count
      }
    }

    public static let standard = Limit.perImage(300)
    public static let fixed = Limit.perClass(10_000)
  }

  /// - Throws: `EvaluationError` where a detection refers to a picture or class that is not there or has a score that
  ///   is not finite, or where a class has no frequency or the limit is not
  ///   positive.
  public init(
    groundTruth: GroundTruth, detections: some Sequence<DetectedBox>, limit: Limit = .standard
  ) throws {
    guard limit.count > 0 else {
      throw EvaluationError(
        .invalidParameters, "the limit of detections is \(limit.count); it must be at least 1")
    }
    for (index, element) in groundTruth.classes.enumerated() where element.frequency == nil {
      throw EvaluationError(.invalidParameters, "class \(index), \(element.name), has no frequency")
    }
    let detections = ContiguousArray(detections)
    try groundTruth.check(detections)
    let classCount = groundTruth.classes.count
    var parameters = PrecisionParameters()
    parameters.detectionLimits = [.max]

    // LVIS's code does not see boxes, of objects or detected, whose area is not positive.
    let objects = Grouping(groundTruth.boxes.count, into: classCount) { position in
      groundTruth.boxes[position].area > 0 ? groundTruth.boxes[position].classIndex : nil
    }
    let isWithin = Self.within(limit, detections, groundTruth)
    let candidates = Grouping(detections.count, into: classCount) { position in
      isWithin[position] && detections[position].rectangle.area > 0 ? detections[position].classIndex : nil
    }
    let isJudged = Self.judged(detections, candidates, objects, groundTruth)
    let detected = Grouping(detections.count, into: classCount) { position in
      isJudged[position] ? detections[position].classIndex : nil
    }
    result = PrecisionTable(
      groundTruth: groundTruth, objects: objects, detections: detections, detected: detected,
      parameters: parameters, isIncluded: { _ in true },
      incompleteImages: Self.images(of: groundTruth, \.incompleteClasses))
    self.limit = limit
    groups = Dictionary(grouping: groundTruth.classes.indices) {
      groundTruth.classes[$0].frequency ?? .frequent
    }
  }

  /// LVIS's thirteen figures in its order; `nil` where there is no object that could be found.
  public var figures: [Figure] {
    let sizes: [(letter: String, area: PrecisionParameters.AreaRange)] = [
      ("s", .small), ("m", .medium), ("l", .large),
    ]
    let suffix = if case .perImage(let count) = limit { "@\(count)" } else { "" }
    let precisions = [
      Figure(name: "AP", value: result.averagePrecision()),
      Figure(name: "AP50", value: result.averagePrecision(overlap: 0.5)),
      Figure(name: "AP75", value: result.averagePrecision(overlap: 0.75)),
    ]
    let recalls = [Figure(name: "AR\(suffix)", value: result.averageRecall())]
    return precisions
      + sizes.map { Figure(name: "AP\($0.letter)", value: result.averagePrecision(area: $0.area)) }
      + GroundTruth.Frequency.allCases.map { group in
        Figure(name: "AP\(group.rawValue)", value: result.averagePrecision(classes: groups[group] ?? []))
      }
      + recalls
      + sizes.map { Figure(name: "AR\($0.letter)\(suffix)", value: result.averageRecall(area: $0.area)) }
  }

  /// Which of the candidates are on pictures that are known to have their class, or known not to.
  private static func judged(
    _ detections: ContiguousArray<DetectedBox>, _ candidates: Grouping, _ objects: Grouping,
    _ groundTruth: GroundTruth
  ) -> ContiguousArray<Bool> {
    let absent = images(of: groundTruth, \.absentClasses)
    var isJudged = ContiguousArray(repeating: false, count: detections.count)
    // Class by class: a table of all pairs of pictures and classes would be large.
    var judgedClass = ContiguousArray(repeating: -1, count: groundTruth.images.count)
    for index in groundTruth.classes.indices {
      for object in objects[index] { judgedClass[groundTruth.boxes[Int(object)].imageIndex] = index }
      for image in absent[index] { judgedClass[image] = index }
      for position in candidates[index] {
        isJudged[Int(position)] = judgedClass[detections[Int(position)].imageIndex] == index
      }
    }
    return isJudged
  }

  /// For each class, the pictures that name it.
  private static func images(of groundTruth: GroundTruth, _ list: KeyPath<GroundTruth.Image, [Int]>)
    -> [[Int]]
  {
    var images = [[Int]](repeating: [], count: groundTruth.classes.count)
    for (index, image) in groundTruth.images.enumerated() {
      for element in image[keyPath: list] { images[element].append(index) }
    }
    return images
  }

  /// Which detections are within the limit: the first ones given where scores are equal.
  private static func within(
    _ limit: Limit, _ detections: ContiguousArray<DetectedBox>, _ groundTruth: GroundTruth
  ) -> ContiguousArray<Bool> {
    let groups: Grouping
    switch limit {
    case .perImage:
      groups = Grouping(detections.count, into: groundTruth.images.count) { detections[$0].imageIndex }
    case .perClass:
      groups = Grouping(detections.count, into: groundTruth.classes.count) { detections[$0].classIndex }
    }
    var isWithin = ContiguousArray(repeating: true, count: detections.count)
    for group in 0..<groups.count where groups[group].count > limit.count {
      let sorted = groups[group].sorted { one, other in
        let scores = (detections[Int(one)].score, detections[Int(other)].score)
        return scores.0 == scores.1 ? one < other : scores.0 > scores.1
      }
      for position in sorted.dropFirst(limit.count) { isWithin[Int(position)] = false }
    }
    return isWithin
  }
}
