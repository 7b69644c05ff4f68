import Foundation
import RunLog

/// The plots of a report.
enum ReportPlots {
  /// Mean over classes, or one class, at the overlaps that tell most: found at all, found well, found exactly.
  static func precisionOverRecall(_ precisions: PrecisionTable, classIndices: [Int], title: String) -> Plot {
    let available = precisions.parameters.overlaps
    var overlaps = [0.5, 0.75, 0.9].filter { wanted in available.contains { abs($0 - wanted) < 1e-9 } }
    if overlaps.isEmpty { overlaps = Array(available.prefix(3)) }
    let series = overlaps.map { overlap in
      let points = meanCurve(precisions, classIndices, overlap)
      let area = precisions.averagePrecision(classes: classIndices, overlap: overlap)
      return Plot.Series(
        "IoU \(String(format: "%.2g", overlap)) (AP \(ReportText.percent(area)))", .line(points))
    }
    return Plot(
      title: title, xLabel: "recall", yLabel: "precision", series: series, xRange: 0...1, yRange: 0...1)
  }

  private static func meanCurve(
    _ precisions: PrecisionTable, _ classes: [Int], _ overlap: Double
  ) -> [SIMD2<Double>] {
    var sums = [Double](repeating: 0, count: precisions.parameters.recalls.count)
    var count = 0.0
    for index in classes {
      let curve = precisions.curve(classIndex: index, overlap: overlap)
      guard curve.count == sums.count else { continue }
      for (place, point) in curve.enumerated() { sums[place] += point.precision }
      count += 1
    }
    guard count > 0 else { return [] }
    return zip(precisions.parameters.recalls, sums).map { [$0, $1 / count] }
  }

  static func scores(_ histogram: ScoreHistogram, title: String) -> Plot {
    let highest = (histogram.right + histogram.wrong).max() ?? 0
    return Plot(
      title: title, xLabel: "score", yLabel: "detections (logarithmic)",
      series: sideBySide(histogram.edges, [("right", histogram.right), ("wrong", histogram.wrong)]),
      xRange: histogram.edges[0]...histogram.edges[histogram.edges.count - 1],
      yRange: 0.7...max(highest * 1.3, 10), isLogarithmic: true)
  }

  static func thresholds(_ analysis: ReportAnalysis) -> Plot {
    let points = analysis.curve.points
    func line(_ value: KeyPath<ThresholdCurve.Point, Double>) -> Plot.Shape {
      .line(points.map { [$0.score, $0[keyPath: value]] })
    }
    let mark = Plot.Series(
      "threshold \(ReportText.score(analysis.threshold))",
      .line([[analysis.threshold, 0], [analysis.threshold, 1]]))
    let edges = analysis.histogram.edges
    return Plot(
      title: "Which score to ask for", xLabel: "score down to which detections are kept",
      series: [
        Plot.Series("precision", line(\.precision)), Plot.Series("recall", line(\.recall)),
        Plot.Series("F1", line(\.f1)), mark,
      ], xRange: edges[0]...edges[edges.count - 1], yRange: 0...1)
  }

  static func sizes(_ sizes: SizeBreakdown) -> Plot {
    let sides = SizeBreakdown.sides
    let places = (0...sides.count).map(Double.init)
    return Plot(
      title: "Objects by size", xLabel: "side of a square as large as the object (pixels)", yLabel: "objects",
      series: sideBySide(
        places, [("all", sizes.objects.map(Double.init)), ("found", sizes.found.map(Double.init))]),
      xRange: 0...Double(sides.count),
      yRange: 0...Double(max(sizes.objects.max() ?? 0, 1)) * 1.05,
      xTicks: zip(places, sides).map { Plot.Tick(value: $0, label: ReportText.whole($1)) })
  }

  /// Bars of several kinds beside each other in every bin.
  static func sideBySide(_ edges: [Double], _ kinds: [(name: String, heights: [Double])])
    -> [Plot.Series]
  {
    let count = Double(kinds.count)
    return kinds.enumerated().map { index, kind in
      var places: [Double] = []
      var heights: [Double] = []
      for ((low, high), height) in zip(zip(edges, edges.dropFirst()), kind.heights) {
        let width = (high - low) * 0.86 / count
        let start = low + (high - low) * 0.07 + Double(index) * width
        places += [start, start + width]
        heights += [height, .nan]
      }
      return Plot.Series(kind.name, .bars(edges: places, heights: heights))
    }
  }
}
