import CPictures
import Foundation

/// A format that pictures can be written in.
public enum PictureEncoding: Sendable, Hashable {
  case png
  /// Quality from 1 to 100.
  case jpeg(quality: Int)
}

extension Picture {
  /// The bytes of a PNG or JPEG file of this picture.
  ///
  /// - Throws: `PictureError.unwritable` where the format does not allow the picture's size.
  public func encoded(as encoding: PictureEncoding) throws(PictureError) -> Data {
    try encoded(as: encoding, name: "The picture")
  }

  /// Writes the picture to a file: PNG or JPEG as the extension (`png`, `jpg`, `jpeg`) says.
  ///
  /// The file appears whole or not at all.
  ///
  /// - Parameter quality: of a JPEG file, from 1 to 100.
  /// - Throws: `PictureError.unwritable` for another extension, or where the file cannot be written.
  public func write(to url: URL, quality: Int = 92) throws(PictureError) {
    let name = url.relativePath
    let encoding: PictureEncoding
    switch url.pathExtension.lowercased() {
    case "png": encoding = .png
    case "jpg", "jpeg": encoding = .jpeg(quality: quality)
    default: throw .unwritable(name: name, reason: "its extension must be png, jpg or jpeg")
    }
    let data = try encoded(as: encoding, name: name)
    do {
      try data.write(to: url, options: .atomic)
    } catch {
      throw .unwritable(name: name, reason: Self.reason(error))
    }
  }

  private func encoded(as encoding: PictureEncoding, name: String) throws(PictureError) -> Data {
    var error: UnsafeMutablePointer<GError>?
    var bytes: UnsafeMutablePointer<gchar>?
    var count: gsize = 0
    let isEncoded = pixels.withUnsafeBufferPointer { pixels in
      let pixbuf = gdk_pixbuf_new_from_data(
        pixels.baseAddress, GDK_COLORSPACE_RGB, 0, 8, gint(width), gint(height), gint(3 * width), nil, nil)
      defer { g_object_unref(gpointer(pixbuf)) }
      let (type, options) = encoding.gdkPixbuf
      var keys = options.map { strdup($0.key) } + [nil]
      var values = options.map { strdup($0.value) } + [nil]
      defer { for option in keys + values { free(option) } }
      return gdk_pixbuf_save_to_bufferv(pixbuf, &bytes, &count, type, &keys, &values, &error) != 0
    }
    guard isEncoded, let bytes else {
      throw .unwritable(name: name, reason: PixbufLoader.text(&error))
    }
    return Data(bytesNoCopy: bytes, count: Int(count), deallocator: .custom { bytes, _ in g_free(bytes) })
  }

  private static func reason(_ error: any Error) -> String {
    guard let code = ((error as? CocoaError)?.underlying as? POSIXError)?.code else {
      return error.localizedDescription
    }
    return String(cString: strerror(code.rawValue)).lowercased()
  }
}

extension PictureEncoding {
  fileprivate var gdkPixbuf: (type: String, options: [String: String]) {
    switch self {
    case .png: ("png", [:])
    case .jpeg(let quality): ("jpeg", ["quality": String(min(max(quality, 1), 100))])
    }
  }
}
