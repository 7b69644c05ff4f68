import GLIP
import Pictures

/// At which sizes a picture is looked at, and what becomes of what is found.
public struct TestAugmentation: Sendable, Hashable {
  /// One of the sizes.
  public struct Scale: Sendable, Hashable {
    /// Of the resized picture, in pixels.
    public var shortSide: Int
    /// Boxes count whose area, in pixels of the resized picture, lies between those of two squares; these are their
    /// sides. Nil for all boxes.
    public var boxSides: ClosedRange<Double>?

    public init(_ shortSide: Int, boxSides: ClosedRange<Double>? = nil) {
      (self.shortSide, self.boxSides) = (shortSide, boxSides)
    }

    /// - Parameter box: in pixels of the resized picture.
    func counts(_ box: PixelBox) -> Bool {
      guard let boxSides else { return true }
      let (least, most) = (boxSides.lowerBound, boxSides.upperBound)
      return box.inclusiveArea > least * least && box.inclusiveArea < most * most
    }
  }

  public var scales: [Scale]
  /// Pixels that the longer side may not exceed, if there is such a bound.
  public var longestSide: Int?
  /// Whether the mirrored picture is looked at, too. Words such as "left" are asked for as they are.
  public var mirrors: Bool
  public var merging: BoxMerging
  /// Most detections that are left of several views of a picture.
  public var maximumDetections = 1000

  public init(
    _ scales: [Scale], longestSide: Int? = 2500, mirrors: Bool = false, merging: BoxMerging = BoxMerging()
  ) {
    (self.scales, self.longestSide) = (scales, longestSide)
    (self.mirrors, self.merging) = (mirrors, merging)
  }

  /// What the authors measure with multiple scales: 24 views, small ones for large objects and large ones for small
  /// objects (`TEST.SCALES` and `TEST.RANGES` of their configuration).
  public static let authors = TestAugmentation(
    [
      Scale(400, boxSides: 96...10_000), Scale(500, boxSides: 96...10_000),
      Scale(600, boxSides: 64...10_000), Scale(640, boxSides: 64...10_000),
      Scale(700, boxSides: 64...10_000), Scale(900, boxSides: 0...10_000),
      Scale(1000, boxSides: 0...10_000), Scale(1100, boxSides: 0...256), Scale(1200, boxSides: 0...256),
      Scale(1300, boxSides: 0...192), Scale(1400, boxSides: 0...192), Scale(1800, boxSides: 0...96),
    ], mirrors: true)

  /// Of a picture.
  public var viewCount: Int { scales.count * (mirrors ? 2 : 1) }

  /// - Throws: `EvaluationError` for settings that make no sense, `DetectorError` for sizes that networks cannot be shown.
  public func validate() throws {
    guard !scales.isEmpty else {
      throw EvaluationError(.invalidParameters, "there is no size at which to look at pictures")
    }
    try merging.validate()
    for scale in scales {
      var options = DetectionOptions()
      options.resize = rule(scale)
      try options.validate()
    }
  }

  func rule(_ scale: Scale) -> ResizeRule {
    ResizeRule(minimumSide: scale.shortSide, maximumSide: longestSide)
  }
}

extension TestAugmentation: CustomStringConvertible {
  public var description: String {
    let sizes = scales.map { scale in
      let sides = scale.boxSides.map { " (\($0.lowerBound) to \($0.upperBound))" } ?? ""
      return "\(scale.shortSide)\(sides)"
    }
    let bound = longestSide.map { ", at most \($0)" } ?? ""
    return "\(sizes.joined(separator: " "))\(bound)\(mirrors ? ", mirrored too" : ""); \(merging.description)"
  }
}
