import CPictures
import Foundation

/// A thing on nothing: 8-bit RGB with transparency, colours multiplied by their alpha.
public struct Cutout: Sendable, Hashable {
  /// In pixels; at least 1.
  public let width, height: Int
  /// Red, green, blue and alpha of each pixel, row by row from the top: `4 * width * height` bytes.
  public let pixels: [UInt8]

  public init(width: Int, height: Int, pixels: [UInt8]) {
    precondition(width > 0 && height > 0, "a cut-out has at least one pixel")
    precondition(pixels.count == 4 * width * height, "four bytes a pixel, no padding")
    (self.width, self.height, self.pixels) = (width, height, pixels)
  }

  /// Reads an SVG or PNG file.
  ///
  /// - Parameter side: the longer side is scaled to so many pixels; what is smaller is enlarged only if it is
  ///   drawn in lines.
  /// - Throws: `PictureError` where the file cannot be read or is no such picture.
  public init(contentsOf url: URL, side: Int) throws(PictureError) {
    let name = url.relativePath
    var error: UnsafeMutablePointer<GError>?
    var (width, height) = (gint(0), gint(0))
    var size = gint(side)
    if gdk_pixbuf_get_file_info(url.path, &width, &height) != nil, url.pathExtension.lowercased() != "svg" {
      size = min(size, max(width, height))
    }
    guard let pixbuf = gdk_pixbuf_new_from_file_at_scale(url.path, size, size, 1, &error) else {
      throw .unreadable(name: name, reason: PixbufLoader.text(&error))
    }
    defer { g_object_unref(gpointer(pixbuf)) }
    self.init(pixbuf)
  }

  private init(_ pixbuf: OpaquePointer) {
    let (width, height) = (Int(gdk_pixbuf_get_width(pixbuf)), Int(gdk_pixbuf_get_height(pixbuf)))
    let (stride, channels) = (
      Int(gdk_pixbuf_get_rowstride(pixbuf)), Int(gdk_pixbuf_get_n_channels(pixbuf))
    )
    let source = gdk_pixbuf_read_pixels(pixbuf)!
    var pixels = [UInt8](repeating: 255, count: 4 * width * height)
    for y in 0..<height {
      for x in 0..<width {
        let (from, to) = (y * stride + x * channels, 4 * (y * width + x))
        let alpha = channels == 4 ? Int(source[from + 3]) : 255
        for channel in 0..<3 {
          pixels[to + channel] = UInt8((Int(source[from + channel]) * alpha + 127) / 255)
        }
        pixels[to + 3] = UInt8(alpha)
      }
    }
    self.init(width: width, height: height, pixels: pixels)
  }

  /// Without the empty rows and columns around it; nil where there is nothing but those.
  ///
  /// - Parameter alpha: below it a pixel counts as empty.
  public func trimmed(alpha: UInt8 = 24) -> Cutout? {
    var (x0, y0, x1, y1) = (width, height, -1, -1)
    for y in 0..<height {
      for x in 0..<width where pixels[4 * (y * width + x) + 3] >= alpha {
        (x0, x1, y0, y1) = (min(x0, x), max(x1, x), min(y0, y), y)
      }
    }
    guard x1 >= x0 else { return nil }
    var kept: [UInt8] = []
    kept.reserveCapacity(4 * (x1 - x0 + 1) * (y1 - y0 + 1))
    for y in y0...y1 { kept += pixels[4 * (y * width + x0)..<4 * (y * width + x1 + 1)] }
    return Cutout(width: x1 - x0 + 1, height: y1 - y0 + 1, pixels: kept)
  }
}
