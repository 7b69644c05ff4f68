import Foundation
import GLIP

/// What was found in a video, label by label; its size does not depend on the video's length.
struct VideoSummary {
  /// Frames that were looked at.
  private(set) var frames = 0
  private let framesPerSecond: Double
  /// By the label's position in the prompt.
  private var sightings: [Int: Sighting] = [:]

  private struct Sighting {
    let label: String
    var frames = 0
    var best = 0.0
    /// In seconds after the video's first frame.
    let first: Double
    var last: Double
  }

  init(framesPerSecond: Double) { self.framesPerSecond = framesPerSecond }

  /// Adds what was found in the next frame, and tells that frame's time: seconds after the first.
  mutating func add(_ found: [Detection]) -> Double {
    let time = Double(frames) / framesPerSecond
    frames += 1
    for (index, detections) in Dictionary(grouping: found, by: \.labelIndex) {
      var sighting =
        sightings[index] ?? Sighting(label: detections[0].label, first: time, last: time)
      sighting.frames += 1
      sighting.best = detections.reduce(sighting.best) { max($0, $1.score) }
      sighting.last = time
      sightings[index] = sighting
    }
    return time
  }

  /// A title and a table.
  var text: String {
    func seconds(_ value: Double) -> String { String(format: "%.2f", value) }
    let length =
      "\(frames) \(frames == 1 ? "frame" : "frames"), \(seconds(Double(frames) / framesPerSecond)) s"
    guard !sightings.isEmpty else { return "nothing found in \(length)" }
    let rows = sightings.sorted { $0.key < $1.key }.map { _, one in
      [
        "  " + one.label, "\(one.frames)", String(format: "%.3f", one.best), seconds(one.first),
        seconds(one.last),
      ]
    }
    let head = ["  label", "frames", "best score", "first at (s)", "last at (s)"]
    return "\(length)\n" + table([head] + rows, rightAligned: [1, 2, 3, 4])
  }
}
