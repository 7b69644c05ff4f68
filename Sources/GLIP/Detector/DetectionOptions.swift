/// What to look for and how much of it to report. The defaults are the authors' (paper, appendix; demo threshold).
public struct DetectionOptions: Sendable, Hashable {
  /// Detections below this score are not reported.
  public var threshold = 0.5
  /// Thresholds of single labels, in place of `threshold`.
  public var labelThresholds: [String: Double] = [:]
  /// Most detections of one picture, after suppression.
  public var maximumDetections = 100
  /// Most detections that one text of a class list adds to those of the others; nil for `maximumDetections`.
  public var maximumDetectionsPerText: Int?
  /// Boxes of one label that overlap by more than this share of their union are one object.
  public var overlap = 0.6
  /// The size at which the network sees the picture; nil for that of its training.
  public var resize: ResizeRule?
  /// Alignment score that a position needs to be considered at all, before centerness.
  public var candidateThreshold = 0.05
  /// Most positions considered on each level of the pyramid.
  public var candidatesPerLevel = 1000

  public init() {}

  /// - Parameter labels: what the prompt names.
  /// - Throws: `DetectorError` for a value outside its range, or a threshold for something else.
  package func validate(labels: Set<String> = []) throws {
    func require(_ condition: Bool, _ name: String, _ value: Any, _ range: String) throws {
      guard condition else {
        throw DetectorError.invalidOption(name: name, value: "\(value)", expected: range)
      }
    }
    try require((0...1).contains(threshold), "threshold", threshold, "a number from 0 to 1")
    for (label, value) in labelThresholds {
      guard labels.contains(label) else { throw DetectorError.unknownLabel(label) }
      try require((0...1).contains(value), "threshold of '\(label)'", value, "a number from 0 to 1")
    }
    try require(maximumDetections > 0, "maximum number of detections", maximumDetections, "at least 1")
    if let maximum = maximumDetectionsPerText {
      try require(maximum > 0, "maximum number of detections per text", maximum, "at least 1")
    }
    try require((0...1).contains(overlap), "overlap", overlap, "a number from 0 to 1")
    try require((0...1).contains(candidateThreshold), "candidate threshold", candidateThreshold, "0 to 1")
    try require(candidatesPerLevel > 0, "number of candidates per level", candidatesPerLevel, "at least 1")
    let sides = ResizeRule.sides
    if let minimum = resize?.minimumSide {
      try require(sides.contains(minimum), "minimum side", minimum, "\(sides) pixels")
    }
    if let maximum = resize?.maximumSide {
      try require(sides.contains(maximum), "maximum side", maximum, "\(sides) pixels")
    }
  }
}

extension ResizeRule {
  /// Sides the network can reasonably be shown; beyond, memory grows out of bounds.
  static let sides = 32...8192
}
