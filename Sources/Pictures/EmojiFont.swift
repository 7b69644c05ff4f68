import CPictures
import Foundation

/// The pictures of a font of coloured bitmaps.
public struct EmojiFont: Sendable {
  private let family: String
  /// Pixels a picture of Noto's is high where it is not scaled, and of the square that it is drawn on.
  private static let (size, side) = (109, 160)

  /// - Parameter family: what the font in the file is called
  /// - Throws: `PictureError` where the file is no font.
  public init(contentsOf url: URL, family: String = "Noto Color Emoji") throws(PictureError) {
    guard FcConfigAppFontAddFile(nil, url.path) != 0 else {
      throw .unreadable(name: url.relativePath, reason: "it is not a font")
    }
    self.family = family
  }

  /// The picture of a character, or nil where the font has none, or draws several side by side.
  public func picture(of character: String) -> Cutout? {
    let side = Self.side
    let surface = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, Int32(side), Int32(side))
    let context = cairo_create(surface)
    let layout = pango_cairo_create_layout(context)
    let font = pango_font_description_new()
    defer {
      pango_font_description_free(font)
      g_object_unref(gpointer(layout))
      cairo_destroy(context)
      cairo_surface_destroy(surface)
    }
    pango_font_description_set_family(font, family)
    pango_font_description_set_absolute_size(font, Double(Self.size * Int(PANGO_SCALE)))
    pango_layout_set_font_description(layout, font)
    pango_layout_set_text(layout, character, -1)
    var extent = PangoRectangle()
    pango_layout_get_pixel_extents(layout, &extent, nil)
    guard pango_layout_get_unknown_glyphs_count(layout) == 0, extent.width > 0, extent.width <= Int32(side),
      extent.height <= Int32(side)
    else { return nil }
    cairo_move_to(context, Double(-extent.x), Double(-extent.y))
    pango_cairo_show_layout(context, layout)
    cairo_surface_flush(surface)
    guard let data = cairo_image_surface_get_data(surface) else { return nil }
    var pixels = [UInt8](repeating: 0, count: 4 * side * side)
    var isColored = false
    for y in 0..<side {
      let row = data + y * Int(cairo_image_surface_get_stride(surface))
      for x in 0..<side {
        // Cairo's words are alpha, red, green, blue from the highest byte.
        let (from, to) = (4 * x, 4 * (y * side + x))
        (pixels[to], pixels[to + 1], pixels[to + 2]) = (row[from + 2], row[from + 1], row[from])
        pixels[to + 3] = row[from + 3]
        isColored = isColored || row[from] != 0 || row[from + 1] != 0 || row[from + 2] != 0
      }
    }
    // Another font would have stood in with a black outline.
    return isColored ? Cutout(width: side, height: side, pixels: pixels).trimmed() : nil
  }
}
