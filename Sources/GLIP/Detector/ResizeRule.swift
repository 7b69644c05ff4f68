/// How large a picture is shown to the network.
public struct ResizeRule: Codable, Sendable, Hashable {
  /// Pixels of the shorter side.
  public var minimumSide: Int
  /// Pixels that the longer side may not exceed, if there is such a bound; the shorter side then gives way.
  public var maximumSide: Int?

  /// The paper's test size by default: 800 by at most 1333.
  public init(minimumSide: Int = 800, maximumSide: Int? = 1333) {
    self.minimumSide = minimumSide
    self.maximumSide = maximumSide
  }

  /// The size of a picture of `width` x `height` pixels after resizing; the aspect ratio is kept to a pixel.
  ///
  /// Rounding is part of what released weights were measured with: half to even where the longer side is bounded,
  /// towards zero for the longer side.
  public func size(width: Int, height: Int) -> (width: Int, height: Int) {
    let short = Double(min(width, height))
    let long = Double(max(width, height))
    var side = minimumSide
    if let maximumSide, long / short * Double(side) > Double(maximumSide) {
      side = Int((Double(maximumSide) * short / long).rounded(.toNearestOrEven))
    }
    side = max(side, 1)
    if min(width, height) == side { return (width, height) }
    return width < height
      ? (side, max(Int(Double(side) * Double(height) / Double(width)), 1))
      : (max(Int(Double(side) * Double(width) / Double(height)), 1), side)
  }
}

extension ResizeRule: CustomStringConvertible {
  public var description: String {
    "\(minimumSide)" + (maximumSide.map { " by at most \($0)" } ?? "") + " pixels"
  }
}
