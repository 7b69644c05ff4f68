/// A picture of 8-bit RGB pixels, upright as a viewer would show it.
public struct Picture: Sendable, Hashable {
  /// Columns, in pixels; at least 1.
  public let width: Int
  /// Rows, in pixels; at least 1.
  public let height: Int
  /// Red, green and blue of each pixel, row by row from the top, without padding: `3 * width * height` bytes.
  public let pixels: [UInt8]

  /// A picture of the given pixels, of which there must be `3 * width * height` bytes.
  public init(width: Int, height: Int, pixels: [UInt8]) {
    precondition(width > 0 && height > 0, "a picture has at least one pixel")
    precondition(pixels.count == 3 * width * height, "three bytes a pixel, no padding")
    self.width = width
    self.height = height
    self.pixels = pixels
  }
}

extension Picture: CustomStringConvertible {
  public var description: String { "\(width)x\(height) picture" }
}
