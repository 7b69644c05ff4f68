/// What a file says of its picture before any pixel is decoded.
///
/// The loaders hand out half a picture when a file ends early, and some take memory for whatever the
/// header claims; so the structure of the file is walked here, first.
struct PictureHeader {
  var width = 0
  var height = 0
  /// EXIF tag 274: 1 is upright.
  var orientation = 1
  /// The bytes for the loader: those of the file, except where a format says otherwise.
  var body: [UInt8]
  /// What is wrong with the file; the size above may be known nevertheless.
  private(set) var flaw: Flaw?

  /// The file is not what its format asks for.
  enum Flaw: Error {
    case truncated
    case malformed(String)

    var reason: String {
      switch self {
      case .truncated: "the file ends early"
      case .malformed(let reason): reason
      }
    }
  }

  init(_ bytes: [UInt8], format: PictureFormat) {
    body = bytes
    do {
      switch format {
      case .jpeg: try readJPEG(ByteView(bytes: bytes))
      case .png: try readPNG(ByteView(bytes: bytes))
      case .webp: try readWebP(ByteView(bytes: bytes, littleEndian: true))
      case .tiff: try readTIFF(ByteView(bytes: bytes))
      case .gif: try readGIF(ByteView(bytes: bytes, littleEndian: true))
      case .bmp: try readBMP(ByteView(bytes: bytes, littleEndian: true))
      }
      if width <= 0 || height <= 0 { flaw = .malformed("its size is \(width)x\(height)") }
    } catch {
      flaw = error as? Flaw ?? .truncated
    }
  }
}
