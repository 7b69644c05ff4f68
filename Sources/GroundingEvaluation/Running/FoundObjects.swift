import Foundation

/// What was found on a data set's records.
public enum FoundObjects: Sendable {
  /// On pictures of classes, in the order of the pictures.
  case boxes(ContiguousArray<DetectedBox>)
  /// On each captioned record, best first; labels are positions of phrases.
  case phrases([[FoundObject]])

  /// - Parameter read: hands over what was found on each record, in any order, every time that it is called
  init(
    _ data: EvaluationData, read: ((_ record: Int, _ found: [FoundObject]) -> Void) throws -> Void
  ) rethrows {
    guard !data.benchmark.asksForPhrases else {
      var found = [[FoundObject]](repeating: [], count: data.imageIndices.count)
      try read { found[$0] = $1 }
      self = .phrases(found)
      return
    }
    // Of millions of boxes only those are held that can be among the ones that count.
    var best: BestScores?
    if data.benchmark == .lvisFixed {
      var scores = BestScores(groups: data.classIndices.count, limit: LVISEvaluation.Limit.fixed.count)
      try read { _, found in for object in found { scores.add(object.score, group: object.label) } }
      best = scores
    }
    var ofImage = [[FoundObject]](repeating: [], count: data.groundTruth.images.count)
    try read { record, found in
      guard let image = data.imageIndices[record] else { return }
      ofImage[image] = best.map { best in found.filter { best.admits($0.score, group: $0.label) } } ?? found
    }
    var boxes: ContiguousArray<DetectedBox> = []
    boxes.reserveCapacity(ofImage.reduce(0) { $0 + $1.count })
    for (image, found) in ofImage.enumerated() {
      boxes += found.map { object in
        DetectedBox(
          imageIndex: image, classIndex: data.classIndices[object.label],
          rectangle: object.rectangle(excess: data.benchmark.sideExcess), score: object.score)
      }
    }
    self = .boxes(boxes)
  }

  /// - Parameter found: by record; nothing was found on those that are missing
  public init(_ data: EvaluationData, _ found: [Int: [FoundObject]]) {
    self.init(data) { body in for (record, objects) in found { body(record, objects) } }
  }

  /// Reads detections from a file: of classes as COCO's result files have them, of phrases as `PhraseFile` says.
  ///
  /// - Throws: `EvaluationError` naming the file and the record.
  public init(contentsOf file: URL, for data: EvaluationData) throws {
    if data.benchmark.asksForPhrases {
      self = .phrases(try PhraseFile.read(file, for: data))
    } else {
      self = .boxes(try DetectionsFile.read(file, for: data.groundTruth))
    }
  }

  /// Writes them in the form that can be read back; the file appears when it is complete.
  ///
  /// - Throws: `EvaluationError`.
  public func write(to file: URL, for data: EvaluationData) throws {
    switch self {
    case .boxes(let boxes): try DetectionsFile.write(boxes, of: data.groundTruth, to: file)
    case .phrases(let found): try PhraseFile.write(found, for: data, to: file)
    }
  }
}

/// The highest scores of each group, for telling what cannot be among them.
private struct BestScores {
  private let limit: Int
  private var scores: [[Double]]
  private var thresholds: [Double]

  init(groups: Int, limit: Int) {
    self.limit = limit
    scores = Array(repeating: [], count: groups)
    thresholds = Array(repeating: -.infinity, count: groups)
  }

  mutating func add(_ score: Double, group: Int) {
    guard score >= thresholds[group] else { return }
    scores[group].append(score)
    guard scores[group].count >= 2 * limit else { return }
    scores[group].sort(by: >)
    scores[group].removeLast(scores[group].count - limit)
    thresholds[group] = scores[group][limit - 1]
  }

  /// Whether fewer than the limit are higher, ties aside: which of equal ones count is not known here.
  func admits(_ score: Double, group: Int) -> Bool { score >= thresholds[group] }
}
