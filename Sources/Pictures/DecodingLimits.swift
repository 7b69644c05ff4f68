/// Bounds on what reading a picture may cost, checked before its pixels take any memory.
public struct DecodingLimits: Sendable, Hashable {
  /// Most pixels of a picture. Decoding takes about 10 bytes a pixel for a while.
  public var pixels: Int
  /// Most pixels of its width and of its height.
  public var side: Int
  /// Most bytes of the file.
  public var fileBytes: Int

  /// 100 megapixels, 65,535 a side (as far as JPEG goes), and 512 MiB.
  public static let `default` = DecodingLimits()

  public init(pixels: Int = 100_000_000, side: Int = 65_535, fileBytes: Int = 512 << 20) {
    self.pixels = pixels
    self.side = side
    self.fileBytes = fileBytes
  }

  package func allow(width: Int, height: Int) -> Bool {
    width <= side && height <= side && width <= pixels / max(height, 1)
  }
}
