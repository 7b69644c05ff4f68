import Foundation

/// What has become of all samples of a labelling.
public struct LabellingStatistics: Sendable {
  public struct Pictures: Sendable, Encodable {
    public var all = 0
    public var failed = 0
    /// Those of which no box is left.
    public var withoutBoxes = 0
    /// Part of the result.
    public var written = 0
  }

  public struct Failure: Sendable, Encodable {
    /// Position of the sample, from 1.
    public var sample: Int
    public var reason: String
  }

  /// The go in which the last sample was done.
  public struct LastRun: Sendable, Encodable {
    public var processes: Int
    /// Pictures that all processes have done in it.
    public var pictures: Int
    public var seconds: Double
    public var picturesPerSecond: Double

    public init(processes: Int, pictures: Int, seconds: Double) {
      (self.processes, self.pictures, self.seconds) = (processes, pictures, seconds)
      picturesPerSecond = Double(pictures) / max(seconds, 1e-9)
    }
  }

  public let lastRun: LastRun
  public internal(set) var pictures = Pictures()
  public private(set) var counts = LabelCounts()
  /// The first ones.
  public private(set) var failures: [Failure] = []

  private static let mostFailures = 1000

  init(_ run: LastRun) { lastRun = run }

  mutating func add(_ entry: LabelEntry) {
    pictures.all += 1
    if let reason = entry.failure {
      pictures.failed += 1
      if failures.count < Self.mostFailures {
        failures.append(Failure(sample: entry.index + 1, reason: reason))
      }
      return
    }
    if entry.objects.isEmpty { pictures.withoutBoxes += 1 }
    counts += entry.counts
  }

  /// What is written of it.
  var json: Data {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      return try encoder.encode(self) + [0x0A]
    }
  }
}

extension LabellingStatistics: Encodable {
  private enum CodingKeys: String, CodingKey { case pictures, counts, scores, failures, lastRun }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(pictures, forKey: .pictures)
    let members = LabelCounts.members.map { ($0.name, counts[keyPath: $0.path]) }
    try container.encode(Dictionary(uniqueKeysWithValues: members), forKey: .counts)
    let width = 1 / Double(LabelCounts.binCount)
    let bins = counts.scores.enumerated().map { ScoreBin(from: Double($0) * width, detections: $1) }
    try container.encode(bins, forKey: .scores)
    try container.encode(failures, forKey: .failures)
    try container.encode(lastRun, forKey: .lastRun)
  }

  private struct ScoreBin: Encodable {
    /// The lowest score of the step.
    var from: Double
    var detections: Int
  }
}
