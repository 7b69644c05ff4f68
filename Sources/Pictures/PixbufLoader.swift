import CPictures

/// Decodes one file with the gdk-pixbuf loader of its format.
struct PixbufLoader: ~Copyable {
  /// What the loader reports on its way.
  private final class Progress {
    let header: PictureHeader
    var hasOtherSize = false
    var rows = 0

    init(_ header: PictureHeader) { self.header = header }
  }

  private let loader: UnsafeMutablePointer<GdkPixbufLoader>
  private let format: PictureFormat
  private let name: String

  init(format: PictureFormat, name: String) throws(PictureError) {
    _ = Self.quietLog
    var error: UnsafeMutablePointer<GError>?
    guard let loader = gdk_pixbuf_loader_new_with_type(format.rawValue.lowercased(), &error) else {
      throw .noLoader(name: name, format: format, reason: Self.text(&error))
    }
    self.loader = loader
    self.format = format
    self.name = name
  }

  deinit { g_object_unref(loader) }

  /// The upright picture.
  func decode(_ header: PictureHeader) throws(PictureError) -> Picture {
    let progress = Progress(header)
    var error: UnsafeMutablePointer<GError>?
    watch(progress)
    // A write that fails has closed the loader.
    let isDecoded =
      gdk_pixbuf_loader_write(loader, header.body, gsize(header.body.count), &error) != 0
      && gdk_pixbuf_loader_close(loader, &error) != 0
    withExtendedLifetime(progress) {}
    guard isDecoded && !progress.hasOtherSize else {
      let reason = Self.text(&error)
      throw broken(progress.hasOtherSize ? "its header and its pixels disagree on the size" : reason)
    }
    // The PNG loader is silent where rows are missing, which are then whatever lay in memory.
    guard progress.rows >= header.height, let pixbuf = gdk_pixbuf_loader_get_pixbuf(loader) else {
      throw broken("pixels are missing")
    }
    return try upright(pixbuf, header.orientation)
  }

  private func watch(_ progress: Progress) {
    let prepared: @convention(c) (UnsafeMutablePointer<GdkPixbufLoader>, gint, gint, gpointer) -> Void = {
      loader, width, height, progress in
      let progress = Unmanaged<Progress>.fromOpaque(progress).takeUnretainedValue()
      guard (Int(width), Int(height)) != (progress.header.width, progress.header.height) else { return }
      progress.hasOtherSize = true
      gdk_pixbuf_loader_set_size(loader, 0, 0)  // Makes the loader stop before it takes memory.
    }
    typealias Area = @convention(c) (OpaquePointer, gint, gint, gint, gint, gpointer) -> Void
    let updated: Area = { _, _, y, _, height, progress in
      let progress = Unmanaged<Progress>.fromOpaque(progress).takeUnretainedValue()
      progress.rows = max(progress.rows, Int(y + height))
    }
    let context = Unmanaged.passUnretained(progress).toOpaque()
    let none = GConnectFlags(rawValue: 0)
    let onPrepared = unsafeBitCast(prepared, to: GCallback.self)
    g_signal_connect_data(loader, "size-prepared", onPrepared, context, nil, none)
    g_signal_connect_data(
      loader, "area-updated", unsafeBitCast(updated, to: GCallback.self), context, nil, none)
  }

  private func upright(_ pixbuf: OpaquePointer, _ orientation: Int) throws(PictureError) -> Picture {
    gdk_pixbuf_remove_option(pixbuf, "orientation")
    gdk_pixbuf_set_option(pixbuf, "orientation", String(orientation))
    guard let upright = gdk_pixbuf_apply_embedded_orientation(pixbuf) else {
      throw broken("there is not enough memory to turn it upright")
    }
    defer { g_object_unref(gpointer(upright)) }
    return Picture(upright)
  }

  private func broken(_ reason: String) -> PictureError {
    .broken(name: name, format: format, reason: reason)
  }

  /// The message of an error, which is freed; as part of a sentence.
  static func text(_ error: inout UnsafeMutablePointer<GError>?) -> String {
    guard let message = error?.pointee.message else { return "the loader gives no reason" }
    defer { g_clear_error(&error) }
    let text = String(cString: message).split(whereSeparator: \.isNewline).joined(separator: " ")
    return text.hasSuffix(".") ? String(text.dropLast()) : text
  }

  /// Loaders also log some flaws of a file to standard error, which belongs to the program.
  private static let quietLog: Void = {
    let levels = GLogLevelFlags(rawValue: G_LOG_LEVEL_WARNING.rawValue | G_LOG_LEVEL_CRITICAL.rawValue)
    g_log_set_handler("GdkPixbuf", levels, { _, _, _, _ in }, nil)
  }()
}

extension Picture {
  /// Copies the colours of a buffer of 3 or 4 channels.
  fileprivate init(_ pixbuf: OpaquePointer) {
    let (width, height) = (Int(gdk_pixbuf_get_width(pixbuf)), Int(gdk_pixbuf_get_height(pixbuf)))
    let stride = Int(gdk_pixbuf_get_rowstride(pixbuf))
    let channels = Int(gdk_pixbuf_get_n_channels(pixbuf))
    let source = gdk_pixbuf_read_pixels(pixbuf)!
    let pixels = [UInt8](unsafeUninitializedCapacity: 3 * width * height) { buffer, filled in
      var target = buffer.baseAddress!
      for y in 0..<height {
        let row = source + y * stride
        if channels == 3 {
          target.update(from: row, count: 3 * width)
          target += 3 * width
        } else {
          for x in 0..<width {
            target[0] = row[channels * x]
            target[1] = row[channels * x + 1]
            target[2] = row[channels * x + 2]
            target += 3
          }
        }
      }
      filled = 3 * width * height
    }
    self.init(width: width, height: height, pixels: pixels)
  }
}
