/// The first directory of a TIFF file; the body of an EXIF block is one too.
struct TIFFDirectory {
  struct Entry {
    /// Where the value lies in the file.
    let offset: Int
    let value: Int
  }

  enum Tag {
    static let width = 256
    static let height = 257
    static let orientation = 274
    static let samples = 277
    static let tileWidth = 322
    static let tileHeight = 323
    static let extraSamples = 338
  }

  let littleEndian: Bool
  private(set) var entries: [Int: Entry] = [:]

  /// Reads the single 16- and 32-bit values; other entries are left out.
  init(_ file: ByteView) throws(ByteView.Truncated) {
    littleEndian = file.starts(with: "II".utf8)
    let file = ByteView(bytes: file.bytes, littleEndian: littleEndian)
    let start = try file.long(4)
    for index in 0..<(try file.short(start)) {
      let entry = start + 2 + 12 * index
      let (tag, type, count) = (try file.short(entry), try file.short(entry + 2), try file.long(entry + 4))
      guard count == 1, type == 3 || type == 4, entries[tag] == nil else { continue }
      let value = type == 3 ? try file.short(entry + 8) : try file.long(entry + 8)
      entries[tag] = Entry(offset: entry + 8, value: value)
    }
  }

  subscript(tag: Int) -> Int? { entries[tag]?.value }

  var orientation: Int { self[Tag.orientation].flatMap { (1...8).contains($0) ? $0 : nil } ?? 1 }

  /// The orientation in an EXIF block, with or without its `Exif` prefix; 1 (upright) where it has none.
  static func orientation(exif block: ByteView) -> Int {
    let prefix = Array("Exif\0\0".utf8)
    let bytes = block.starts(with: prefix) ? Array(block.bytes.dropFirst(prefix.count)) : block.bytes
    return (try? TIFFDirectory(ByteView(bytes: bytes)))?.orientation ?? 1
  }
}
