import Synchronization

/// How long the parts of the network take: seconds per stage, summed over all that runs while the clock measures.
///
/// ```swift
/// let clock = StageClock()
/// let found = try clock.measuring { try detector.detect(picture, prompt) }
/// print(clock.seconds[.fusion] ?? 0)
/// ```
///
/// It costs nothing while no clock measures. The stages of a CPU are exact; other devices work on after a stage
/// has handed them their operators, and the time falls to the stage that waits for a result.
public final class StageClock: Sendable {
  /// The parts of a detection, in the order of their first use.
  public enum Stage: String, CaseIterable, Codable, Sendable {
    /// Resizing and normalising pictures.
    case preprocessing
    /// The picture encoder.
    case backbone
    case pyramid
    /// The text encoder; absent from a run whose prompts were encoded before.
    case text
    /// Deep fusion of picture and words, in all blocks of the tower.
    case fusion
    /// BERT layers of the tower.
    case languageLayers
    /// DyHead blocks of the tower.
    case convolutions
    /// Alignment scores, boxes and centerness.
    case heads
    /// From predictions to detections.
    case postProcessing
  }

  @TaskLocal private static var current: StageClock?

  private let total = Mutex<[Stage: Duration]>([:])

  public init() {}

  /// Seconds of each stage that has run.
  public var seconds: [Stage: Double] { total.withLock { $0.mapValues { $0 / .seconds(1) } } }

  /// Adds up the stages that run in `body`.
  public func measuring<Result>(_ body: () throws -> Result) rethrows -> Result {
    try StageClock.$current.withValue(self, operation: body)
  }

  /// Runs `body` as a part of `stage`. Stages do not contain one another.
  package static func time<Result>(_ stage: Stage, _ body: () throws -> Result) rethrows -> Result {
    guard let clock = current else { return try body() }
    let start = ContinuousClock.now
    defer {
      let elapsed = ContinuousClock.now - start
      clock.total.withLock { $0[stage, default: .zero] += elapsed }
    }
    return try body()
  }
}
