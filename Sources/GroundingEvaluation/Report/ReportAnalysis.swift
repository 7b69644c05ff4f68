/// The numbers of a report.
package struct ReportAnalysis {
  package let matches: Matches
  /// The lowest score of the detections whose mistakes are counted.
  package let threshold: Double
  package let curve: ThresholdCurve
  package let histogram: ScoreHistogram
  /// What the threshold comes to.
  package let atThreshold: ThresholdCurve.Point?
  package let classes: [ClassSummary]
  package private(set) var confusion: ConfusionMatrix
  package private(set) var sizes = SizeBreakdown()
  package private(set) var mistakeCounts: [MistakeKind: Int] = [:]
  package private(set) var foundCount = 0
  /// Pictures with mistakes of a kind, the worst first.
  package private(set) var worst: [MistakeKind: [Int]] = [:]

  package struct ClassSummary {
    package let name: String
    package let objectCount: Int
    /// Those that count, whatever their score.
    package let detectionCount: Int
    package let histogram: ScoreHistogram
    package let best: ThresholdCurve.Point?
    package let atThreshold: ThresholdCurve.Point?
  }

  /// Where nothing was found no score is better than others.
  private static let fallbackThreshold = 0.5

  package init(
    _ groundTruth: GroundTruth, _ detections: ContiguousArray<DetectedBox>, options: EvaluationReport.Options
  ) {
    let matches = Matches(groundTruth, detections, overlap: options.overlap)
    self.matches = matches
    var scored = [[ScoredDetection]](repeating: [], count: groundTruth.classes.count)
    for (detection, verdict) in zip(detections, matches.verdicts) where verdict != .leftOut {
      scored[detection.classIndex].append(
        ScoredDetection(score: detection.score, isRight: verdict != .wrong))
    }
    var objectCounts = [Int](repeating: 0, count: groundTruth.classes.count)
    for box in groundTruth.boxes where box.counts { objectCounts[box.classIndex] += 1 }
    let (all, objectCount) = (scored.flatMap { $0 }, objectCounts.reduce(0, +))
    curve = ThresholdCurve(all, objectCount: objectCount)
    histogram = ScoreHistogram(all)
    let threshold = options.threshold ?? curve.best?.score ?? Self.fallbackThreshold
    self.threshold = threshold
    atThreshold = ThresholdCurve.point(all, objectCount: objectCount, downTo: threshold)
    classes = groundTruth.classes.indices.map { index in
      ClassSummary(
        name: groundTruth.classes[index].name, objectCount: objectCounts[index],
        detectionCount: scored[index].count, histogram: ScoreHistogram(scored[index]),
        best: ThresholdCurve(scored[index], objectCount: objectCounts[index]).best,
        atThreshold: ThresholdCurve.point(
          scored[index], objectCount: objectCounts[index], downTo: threshold))
    }
    confusion = ConfusionMatrix(classCount: groundTruth.classes.count)
    countMistakes(groundTruth, detections, picturesPerKind: options.picturesPerKind)
  }

  private mutating func countMistakes(
    _ groundTruth: GroundTruth, _ detections: ContiguousArray<DetectedBox>, picturesPerKind: Int
  ) {
    var severities: [MistakeKind: [(image: Int, severity: Double)]] = [:]
    for image in groundTruth.images.indices {
      let picture = PictureMistakes(matches, on: image, downTo: threshold, groundTruth, detections)
      confusion.add(picture, groundTruth, detections)
      foundCount += picture.found.count
      for mistake in picture.mistakes { mistakeCounts[mistake.kind, default: 0] += 1 }
      for kind in MistakeKind.allCases {
        let severity = picture.severity(kind, detections)
        if severity > 0 { severities[kind, default: []].append((image, severity)) }
      }
      let found = Set(picture.found.map(\.object))
      for object in matches.objects(on: image) {
        sizes.add(area: groundTruth.boxes[object].area, isFound: found.contains(object))
      }
    }
    worst = severities.mapValues { list in
      list.sorted { ($1.severity, $0.image) < ($0.severity, $1.image) }
        .prefix(picturesPerKind).map(\.image)
    }
  }
}
