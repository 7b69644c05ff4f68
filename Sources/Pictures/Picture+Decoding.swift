import Foundation

extension Picture {
  /// Reads a JPEG, PNG, WebP, TIFF, GIF or BMP file.
  ///
  /// The result is upright (EXIF orientation is applied). Transparency is dropped, not blended; palettes
  /// are looked up, grey is repeated in all three channels, CMYK converted without a colour profile, and
  /// of 16 bits a channel the upper 8 are kept. An animation or a TIFF of several pages gives the first.
  ///
  /// - Throws: `PictureError` where the file cannot be read, is no picture, is truncated, or is larger
  ///   than `limits` allows.
  public init(contentsOf url: URL, limits: DecodingLimits = .default) throws(PictureError) {
    let name = url.relativePath
    try self.init(bytes: Self.readFile(at: url.path, name: name, limits: limits), name: name, limits: limits)
  }

  /// Reads a file held in memory; `name` stands for it in errors.
  public init(data: Data, name: String, limits: DecodingLimits = .default) throws(PictureError) {
    guard data.count <= limits.fileBytes else {
      throw .fileTooLarge(name: name, bytes: data.count, limit: limits.fileBytes)
    }
    try self.init(bytes: Array(data), name: name, limits: limits)
  }

  private init(bytes: [UInt8], name: String, limits: DecodingLimits) throws(PictureError) {
    guard !bytes.isEmpty else { throw .unreadable(name: name, reason: "it is empty") }
    guard let format = PictureFormat(ByteView(bytes: bytes)) else { throw .unknownFormat(name: name) }
    let header = PictureHeader(bytes, format: format)
    guard limits.allow(width: header.width, height: header.height) else {
      throw .tooManyPixels(name: name, width: header.width, height: header.height, limits: limits)
    }
    if let flaw = header.flaw { throw .broken(name: name, format: format, reason: flaw.reason) }
    self = try PixbufLoader(format: format, name: name).decode(header)
  }

  private static func readFile(
    at path: String, name: String, limits: DecodingLimits
  ) throws(PictureError) -> [UInt8] {
    func failure() -> PictureError {
      .unreadable(name: name, reason: String(cString: strerror(errno)).lowercased())
    }
    var info = stat()
    guard stat(path, &info) == 0 else { throw failure() }
    let kind = info.st_mode & S_IFMT
    guard kind != S_IFDIR else { throw .unreadable(name: name, reason: "it is a folder") }
    guard kind == S_IFREG else { throw .unreadable(name: name, reason: "it is not a regular file") }
    let length = Int(info.st_size)
    guard length <= limits.fileBytes else {
      throw .fileTooLarge(name: name, bytes: length, limit: limits.fileBytes)
    }
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw failure() }
    defer { close(file) }
    var status = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: length) { buffer, filled in
      while filled < length {
        status = read(file, buffer.baseAddress! + filled, length - filled)
        if status <= 0 { break }
        filled += status
      }
    }
    guard status >= 0 else { throw failure() }
    return bytes
  }
}
