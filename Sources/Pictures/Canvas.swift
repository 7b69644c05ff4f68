import CPictures

/// A picture being drawn on, with cairo and pango.
package final class Canvas {
  private let surface: OpaquePointer
  private let context: OpaquePointer
  private let width: Int
  private let height: Int

  package init(_ picture: Picture) throws(PictureError) {
    (width, height) = (picture.width, picture.height)
    surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, Int32(width), Int32(height))
    context = cairo_create(surface)
    // Cairo reports a failure here, such as more than 32,767 pixels a side, and ignores what follows.
    guard cairo_status(context) == CAIRO_STATUS_SUCCESS else {
      throw .undrawable(
        reason: "\(width)x\(height) pixels: \(String(cString: cairo_status_to_string(cairo_status(context))))"
      )
    }
    eachRow { row, y in
      for x in 0..<width {
        let pixel = 3 * (y * width + x)
        let (red, green, blue) = (picture.pixels[pixel], picture.pixels[pixel + 1], picture.pixels[pixel + 2])
        row[x] = UInt32(red) << 16 | UInt32(green) << 8 | UInt32(blue)
      }
    }
    cairo_surface_mark_dirty(surface)
  }

  deinit {
    cairo_destroy(context)
    cairo_surface_destroy(surface)
  }

  /// The picture as it is now.
  package var picture: Picture {
    cairo_surface_flush(surface)
    let pixels = [UInt8](unsafeUninitializedCapacity: 3 * width * height) { target, filled in
      eachRow { row, y in
        for x in 0..<width {
          let pixel = 3 * (y * width + x)
          target[pixel] = UInt8(truncatingIfNeeded: row[x] >> 16)
          target[pixel + 1] = UInt8(truncatingIfNeeded: row[x] >> 8)
          target[pixel + 2] = UInt8(truncatingIfNeeded: row[x])
        }
      }
      filled = 3 * width * height
    }
    return Picture(width: width, height: height, pixels: pixels)
  }

  /// Makes what is drawn from now on larger by a factor, places and sizes alike.
  package func scale(by factor: Double) {
    cairo_scale(context, factor, factor)
  }

  /// Strokes a rectangle along its edges.
  func stroke(
    _ box: PixelBox, lineWidth: Double, color: SIMD3<Double>, opacity: Double = 1, dashes: [Double] = []
  ) {
    cairo_set_source_rgba(context, color[0], color[1], color[2], opacity)
    cairo_set_line_width(context, lineWidth)
    cairo_set_line_join(context, CAIRO_LINE_JOIN_MITER)
    cairo_set_dash(context, dashes, Int32(dashes.count), 0)
    cairo_rectangle(context, box.x0, box.y0, box.width, box.height)
    cairo_stroke(context)
    cairo_set_dash(context, nil, 0, 0)
  }

  /// Draws straight lines from point to point.
  ///
  /// - Parameters:
  ///   - clip: what lies outside of it is not drawn
  ///   - dashes: lengths of what is drawn and left out in turn; none for a whole line
  package func stroke(
    _ points: [SIMD2<Double>], in clip: PixelBox, lineWidth: Double, color: SIMD3<Double>,
    opacity: Double = 1,
    dashes: [Double] = []
  ) {
    cairo_save(context)
    cairo_rectangle(context, clip.x0, clip.y0, clip.width, clip.height)
    cairo_clip(context)
    for point in points { cairo_line_to(context, point.x, point.y) }
    cairo_set_source_rgba(context, color[0], color[1], color[2], opacity)
    cairo_set_line_width(context, lineWidth)
    cairo_set_line_join(context, CAIRO_LINE_JOIN_ROUND)
    cairo_set_line_cap(context, dashes.isEmpty ? CAIRO_LINE_CAP_ROUND : CAIRO_LINE_CAP_BUTT)
    cairo_set_dash(context, dashes, Int32(dashes.count), 0)
    cairo_stroke(context)
    cairo_restore(context)
  }

  /// Fills a rectangle.
  package func fill(_ box: PixelBox, color: SIMD3<Double>, opacity: Double = 1) {
    cairo_set_source_rgba(context, color[0], color[1], color[2], opacity)
    cairo_rectangle(context, box.x0, box.y0, box.width, box.height)
    cairo_fill(context)
  }

  /// One line of text, to be drawn on this canvas.
  package func line(_ string: String, family: String, size: Double, maxWidth: Double, keepsEnd: Bool)
    -> TextLine
  {
    TextLine(
      on: context, string, family: family, size: size, maxWidth: maxWidth, keepsEnd: keepsEnd)
  }

  /// Draws text within a rectangle, from its upper left corner.
  package func draw(_ text: TextLine, in box: PixelBox, inset: Double, color: SIMD3<Double>) {
    cairo_save(context)
    cairo_rectangle(context, box.x0, box.y0, box.width, box.height)
    cairo_clip(context)
    cairo_set_source_rgb(context, color[0], color[1], color[2])
    cairo_move_to(context, box.x0 + inset, box.y0 + (box.height - text.height) / 2)
    text.show(on: context)
    cairo_restore(context)
  }

  /// Draws text that reads upwards from a point, its lower left corner as one reads it.
  package func drawUpwards(_ text: TextLine, from point: SIMD2<Double>, color: SIMD3<Double>) {
    cairo_save(context)
    cairo_set_source_rgb(context, color[0], color[1], color[2])
    cairo_move_to(context, point.x - text.height, point.y)
    cairo_rotate(context, -.pi / 2)
    text.show(on: context)
    cairo_restore(context)
  }

  private func eachRow(_ body: (UnsafeMutablePointer<UInt32>, Int) -> Void) {
    guard let data = cairo_image_surface_get_data(surface) else { return }
    let stride = Int(cairo_image_surface_get_stride(surface))
    for y in 0..<height {
      (data + y * stride).withMemoryRebound(to: UInt32.self, capacity: width) { body($0, y) }
    }
  }
}
