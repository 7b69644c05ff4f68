import Foundation
import Pictures

/// What a run writes down as it goes: each step's numbers into `metrics.jsonl` and an event file, and plots of them.
///
/// Names are `group/name`, such as `loss/boxes` or `validation/AP50`; numbers of a group share a plot, here as in
/// TensorBoard. A name without a slash is a group of its own. Of many processes of a run, one holds its record.
public final class RunRecord {
  public let folder: ResultsFolder
  public let metrics: MetricsFile
  public let events: EventFile

  /// - Parameter step: the last step that stays of what an earlier process wrote; `nil` for a run from the start
  public init(in folder: ResultsFolder, resumingAfter step: Int? = nil) throws(RunLogError) {
    self.folder = folder
    metrics = try MetricsFile(at: folder.metrics, resumingAfter: step ?? -1)
    events = try EventFile(in: folder.url, resumingAfter: step)
  }

  /// Writes down numbers of one step, which may be any, but not before one that was written down.
  public func append(step: Int, at date: Date = Date(), _ numbers: [String: Double]) throws(RunLogError) {
    try metrics.append(step: step, at: date, numbers)
    try events.append(step: step, at: date, scalars: numbers)
  }

  /// Draws what `metrics.jsonl` holds, resumed processes' numbers included: `plots/<group>.png` for each group.
  ///
  /// - Parameter noisy: groups whose curves are smoothed and whose axis is logarithmic, if their numbers are above 0
  /// - Returns: the files
  /// - Throws: `RunLogError` or `PictureError`
  @discardableResult
  public func plot(noisy: Set<String> = ["loss"]) throws -> [URL] {
    let plots = Plot.groups(of: try MetricsRow.all(of: metrics.url), noisy: noisy)
    return try plots.map { group, plot in
      let name = String(group.map { $0.isLetter || $0.isNumber || "-_.".contains($0) ? $0 : "-" })
      let file = folder.plots.appending(path: name + ".png")
      try plot.picture().write(to: file)
      return file
    }
  }
}

extension Plot {
  /// A plot over steps for each group of the rows' numbers, by the groups' names.
  static func groups(of rows: [MetricsRow], noisy: Set<String>) -> [(group: String, plot: Plot)] {
    var curves: [String: [SIMD2<Double>]] = [:]
    for row in rows {
      for (name, number) in row.numbers { curves[name, default: []].append([Double(row.step), number]) }
    }
    let groups = Dictionary(grouping: curves.keys) { String($0.prefix { $0 != "/" }) }
    return groups.sorted { $0.key < $1.key }.map { group, names in
      let series = names.sorted().map { name in
        let points = curves[name] ?? []
        // A fiftieth of the curve at a time.
        let label = name.dropFirst(group.count + 1)
        return Series(
          label.isEmpty ? group : String(label),
          .line(points, smoothing: noisy.contains(group) ? points.count / 50 : 1))
      }
      let isPositive = names.allSatisfy { name in
        curves[name]?.allSatisfy { !$0.y.isFinite || $0.y > 0 } ?? true
      }
      let title = group.replacing("_", with: " ")
      let plot = Plot(
        title: title.prefix(1).uppercased() + title.dropFirst(), xLabel: "step", series: series,
        isLogarithmic: noisy.contains(group) && isPositive)
      return (group, plot)
    }
  }
}
