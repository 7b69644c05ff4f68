/// A box in pixels by its upper left corner and its size, without any "+ 1": the convention of COCO's files.
public struct Rectangle: Sendable, Hashable {
  public var x, y, width, height: Double

  public init(x: Double, y: Double, width: Double, height: Double) {
    (self.x, self.y, self.width, self.height) = (x, y, width, height)
  }

  /// In square pixels.
  public var area: Double { width * height }

  public var isFinite: Bool { x.isFinite && y.isFinite && width.isFinite && height.isFinite }

  /// Area that two rectangles share over the area that they cover together, 0 to 1.
  public func overlap(with other: Rectangle) -> Double {
    let shared = intersection(with: other)
    return shared > 0 ? shared / (area + other.area - shared) : 0
  }

  /// How much of this rectangle lies in another one, 0 to 1: what counts where the other surrounds a crowd.
  public func share(within other: Rectangle) -> Double {
    let shared = intersection(with: other)
    return shared > 0 ? shared / area : 0
  }

  /// In square pixels; 0 unless both rectangles have a positive size.
  private func intersection(with other: Rectangle) -> Double {
    let sharedWidth = min(x + width, other.x + other.width) - max(x, other.x)
    guard sharedWidth > 0 else { return 0 }
    let sharedHeight = min(y + height, other.y + other.height) - max(y, other.y)
    return sharedHeight > 0 ? sharedWidth * sharedHeight : 0
  }
}
