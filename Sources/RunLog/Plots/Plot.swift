import Pictures

/// Curves or bars over common axes.
public struct Plot: Sendable {
  public var title: String
  public var xLabel: String
  public var yLabel: String
  public var series: [Series]
  /// The stretch of an axis that is shown; `nil` for one that holds all points.
  public var xRange: ClosedRange<Double>?
  public var yRange: ClosedRange<Double>?
  /// Where numbers stand along the horizontal axis, and what is written there; `nil` for round numbers.
  public var xTicks: [Tick]?
  /// Whether equal steps upwards are equal factors; values of 0 and less are then left out.
  public var isLogarithmic: Bool

  public init(
    title: String, xLabel: String = "", yLabel: String = "", series: [Series] = [],
    xRange: ClosedRange<Double>? = nil, yRange: ClosedRange<Double>? = nil, xTicks: [Tick]? = nil,
    isLogarithmic: Bool = false
  ) {
    self.title = title
    self.xLabel = xLabel
    self.yLabel = yLabel
    self.series = series
    self.xRange = xRange
    self.yRange = yRange
    self.xTicks = xTicks
    self.isLogarithmic = isLogarithmic
  }

  /// A place on an axis with its text.
  public struct Tick: Sendable, Hashable {
    public var value: Double
    public var label: String

    public init(value: Double, label: String) { (self.value, self.label) = (value, label) }
  }

  /// What the plot is drawn on.
  public enum Background: Sendable, Hashable {
    case white
    /// Nearly black, for pages that are dark.
    case dark
  }

  /// What is drawn in one colour.
  public struct Series: Sendable {
    /// In the legend; an empty one has no place there.
    public var name: String
    public var shape: Shape

    public init(_ name: String, _ shape: Shape) {
      self.name = name
      self.shape = shape
    }
  }

  public enum Shape: Sendable {
    /// Points joined by a line, which is broken where a coordinate is not finite.
    ///
    /// With `smoothing` above 1 it joins moving means over about so many points, and the points themselves are faint
    /// behind it.
    case line([SIMD2<Double>], smoothing: Int = 1)
    /// A histogram: `heights[i]` between `edges[i]` and `edges[i + 1]`.
    case bars(edges: [Double], heights: [Double])
  }

  /// The colour of a series, as displayed (sRGB, 0 to 1): those of Okabe and Ito, which the colour-blind tell apart, but
  /// for yellow, which white swallows.
  package static func color(_ index: Int) -> SIMD3<Double> {
    let colors: [SIMD3<Double>] = [
      [0, 114, 178], [213, 94, 0], [0, 158, 115], [204, 121, 167], [230, 159, 0], [86, 180, 233],
      [90, 90, 90],
    ]
    return colors[index % colors.count] / 255
  }

  /// The dark background (sRGB, 0 to 1).
  package static let darkGround = SIMD3<Double>(24, 27, 32) / 255

  /// Which dashes: whole lines until the colours are used up.
  static func dashes(_ index: Int) -> [Double] {
    [[], [7, 3], [2, 3]][index / 7 % 3]
  }

  /// The points that the axes make room for.
  var extent: [SIMD2<Double>] {
    series.flatMap { series -> [SIMD2<Double>] in
      switch series.shape {
      case .line(let points, _): points
      case .bars(let edges, let heights):
        zip(edges, heights).map { SIMD2($0, $1) } + edges.suffix(1).map { SIMD2($0, 0) }
      }
    }.filter { abs($0.x) <= Axis.limit && abs($0.y) <= Axis.limit && (!isLogarithmic || $0.y > 0) }
  }
}
