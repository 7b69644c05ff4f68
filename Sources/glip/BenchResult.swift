import Foundation
import Measuring
import RunLog

/// What `glip bench` has measured. Times are in seconds of one run, which is one call for the whole batch.
struct BenchResult: Encodable {
  struct Latency: Encodable {
    let minimum, median, p90, p99: Double

    init(_ timings: Timings) {
      (minimum, median) = (timings.minimum, timings.median)
      (p90, p99) = (timings.percentile(90), timings.percentile(99))
    }
  }

  struct Stage: Encodable {
    let name: String
    /// The mean of all runs.
    let seconds: Double
    let multiplyAdds: Int
  }

  let model: String
  let processor: String?
  let device: String
  let threads: Int
  let precision: String
  /// Pixels of the picture as the network sees it, without padding.
  let width, height: Int
  let batch: Int
  /// Of each text of the prompt.
  let tokens: [Int]
  let runs: Int
  let latency: Latency
  let picturesPerSecond: Double
  /// The most memory that the process held during the runs.
  let peakBytes: Int?
  /// Needed for one picture.
  let multiplyAdds: MultiplyAdds
  /// A multiply-add counts as two operations.
  let gigaflopsPerSecond: Double
  /// Of the fastest matrix product in the network's precision.
  let matrixGigaflopsPerSecond: Double?
  let shareOfMatrixPeak: Double?
  let stages: [Stage]

  /// The same for a person.
  var text: String {
    func seconds(_ value: Double) -> String { String(format: "%.3f s", value) }
    let texts = tokens.count == 1 ? "" : " in \(tokens.count) texts"
    var speed = String(
      format: "%.1f G multiply-adds a picture, %.0f GFLOP/s", Double(multiplyAdds.perPicture) / 1e9,
      gigaflopsPerSecond)
    if let peak = matrixGigaflopsPerSecond, let share = shareOfMatrixPeak {
      speed += String(format: ", %.0f %% of the fastest product's %.0f", 100 * share, peak)
    }
    let summary = [
      ["network", "\(model), \(precision)"],
      ["machine", "\(processor ?? "unknown processor"), \(device), \(threads) threads"],
      ["work", "\(width) x \(height) pixels, batch \(batch), \(tokens.reduce(0, +)) tokens\(texts)"],
      [
        "latency",
        "min \(seconds(latency.minimum)), median \(seconds(latency.median)), p90 \(seconds(latency.p90)), "
          + "p99 \(seconds(latency.p99)) (\(runs) runs)",
      ],
      ["throughput", String(format: "%.2f pictures/s", picturesPerSecond)],
      ["memory", peakBytes.map { bytes(Int64($0)) + " at most" } ?? "not told by this system"],
      ["speed", speed],
    ]
    let rows = stages.map { stage in
      let rate = stage.multiplyAdds > 0 ? 2e-9 * Double(stage.multiplyAdds) / stage.seconds : nil
      return [
        stage.name, String(format: "%.4f", stage.seconds),
        String(format: "%.1f", Double(stage.multiplyAdds) / 1e9),
        rate.map { String(format: "%.0f", $0) } ?? "",
      ]
    }
    let head = ["stage", "seconds", "G multiply-adds", "GFLOP/s"]
    return glip.table(summary) + "\n\n" + glip.table([head] + rows, rightAligned: [1, 2, 3])
  }
}
