/// Precision and recall over the score down to which detections are kept.
package struct ThresholdCurve {
  package struct Point: Hashable {
    /// Detections of this score and higher ones are kept.
    package var score: Double
    package var precision: Double
    package var recall: Double

    /// The harmonic mean of precision and recall.
    package var f1: Double { precision + recall > 0 ? 2 * precision * recall / (precision + recall) : 0 }
  }

  /// By falling score; of very many only some.
  package private(set) var points: [Point] = []
  /// The point of the highest F1, the surest of equal ones; `nil` where nothing was found.
  package private(set) var best: Point?
  package let objectCount: Int

  private static let mostPoints = 2000

  /// - Parameter detections: in any order, those that count.
  package init(_ detections: some Collection<ScoredDetection>, objectCount: Int) {
    self.objectCount = objectCount
    guard objectCount > 0, !detections.isEmpty else { return }
    let sorted = detections.sorted { $0.score > $1.score }
    let stride = sorted.count / Self.mostPoints + 1
    var right = 0
    var last: Int?
    for (index, detection) in sorted.enumerated() {
      if detection.isRight { right += 1 }
      // Of equal scores all are kept, or none.
      if index + 1 < sorted.count, sorted[index + 1].score == detection.score { continue }
      let point = Point(
        score: detection.score, precision: Double(right) / Double(index + 1),
        recall: Double(right) / Double(objectCount))
      if point.f1 > best?.f1 ?? 0 { best = point }
      if last.map({ index / stride > $0 / stride }) ?? true || index + 1 == sorted.count {
        points.append(point)
        last = index
      }
    }
  }

  /// What keeping detections down to a score comes to; `nil` without objects or such detections.
  package static func point(
    _ detections: some Collection<ScoredDetection>, objectCount: Int, downTo threshold: Double
  ) -> Point? {
    let kept = detections.lazy.filter { $0.score >= threshold }
    let count = kept.count
    guard objectCount > 0, count > 0 else { return nil }
    let right = Double(kept.count { $0.isRight })
    return Point(
      score: threshold, precision: right / Double(count), recall: right / Double(objectCount))
  }
}

package struct ScoredDetection: Hashable {
  package var score: Double
  package var isRight: Bool

  package init(score: Double, isRight: Bool) { (self.score, self.isRight) = (score, isRight) }
}

/// How many right and wrong detections have which scores.
package struct ScoreHistogram: Hashable {
  /// One more than there are bins.
  package let edges: [Double]
  package private(set) var right: [Double]
  package private(set) var wrong: [Double]

  /// - Parameter bins: of equal widths, from 0 to 1 where all scores are within, else over all scores.
  package init(_ detections: some Collection<ScoredDetection>, bins: Int = 20) {
    let scores = detections.lazy.map(\.score)
    var (low, high) = (min(scores.min() ?? 0, 0), max(scores.max() ?? 1, 1))
    if low < 0 { high = max(scores.max() ?? 1, low - low * 1e-9 + 1e-9) }
    // Halved first: the difference of two finite numbers need not be.
    let width = (high / 2 - low / 2) / Double(bins) * 2
    edges = (0..<bins).map { low + Double($0) * width } + [high]
    right = Array(repeating: 0, count: bins)
    wrong = right
    for detection in detections {
      let place = (detection.score / width - low / width).rounded(.down)
      let bin = Int(min(max(place, 0), Double(bins - 1)))
      if detection.isRight { right[bin] += 1 } else { wrong[bin] += 1 }
    }
  }
}
