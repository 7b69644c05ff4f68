import CPictures

/// A line of shaped text, shortened with an ellipsis to a greatest width.
package final class TextLine {
  private let layout: OpaquePointer
  /// In pixels.
  package let width: Double
  package let height: Double

  /// - Parameter keepsEnd: whether the ellipsis stands in the middle, rather than at the end.
  init(
    on context: OpaquePointer, _ string: String, family: String, size: Double, maxWidth: Double,
    keepsEnd: Bool
  ) {
    layout = pango_cairo_create_layout(context)
    let font = pango_font_description_new()
    pango_font_description_set_family(font, family)
    pango_font_description_set_absolute_size(font, size * Double(PANGO_SCALE))
    pango_layout_set_font_description(layout, font)
    pango_font_description_free(font)
    // Colour fringes for LCDs would be wrong in a file.
    let options = cairo_font_options_create()
    cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY)
    pango_cairo_context_set_font_options(pango_layout_get_context(layout), options)
    cairo_font_options_destroy(options)
    pango_layout_set_single_paragraph_mode(layout, 1)
    pango_layout_set_text(layout, string, Int32(string.utf8.count))
    if Self.size(layout).width > maxWidth {
      pango_layout_set_ellipsize(layout, keepsEnd ? PANGO_ELLIPSIZE_MIDDLE : PANGO_ELLIPSIZE_END)
      pango_layout_set_width(layout, Int32(maxWidth * Double(PANGO_SCALE)))
    }
    (width, height) = Self.size(layout)
  }

  deinit { g_object_unref(gpointer(layout)) }

  /// Draws from the current point, which becomes the upper left corner.
  func show(on context: OpaquePointer) {
    pango_cairo_show_layout(context, layout)
  }

  private static func size(_ layout: OpaquePointer) -> (width: Double, height: Double) {
    var (width, height): (gint, gint) = (0, 0)
    pango_layout_get_pixel_size(layout, &width, &height)
    return (Double(width), Double(height))
  }
}
