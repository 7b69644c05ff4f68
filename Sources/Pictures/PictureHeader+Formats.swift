extension PictureHeader {
  /// Walks the markers up to the end of the image.
  mutating func readJPEG(_ file: ByteView) throws {
    var offset = 2
    var scans = 0
    while true {
      // To the next marker, over entropy-coded data (FF 00), restarts, fill bytes and stray bytes.
      while true {
        if try file.byte(offset) == 0xFF {
          let next = try file.byte(offset + 1)
          if next != 0x00 && next != 0x01 && next != 0xFF && !(0xD0...0xD7).contains(next) { break }
        }
        offset += 1
      }
      let marker = try file.byte(offset + 1)
      if marker == 0xD9 { break }
      let length = try file.short(offset + 2)
      guard length >= 2 else { throw Flaw.malformed("a segment at byte \(offset) has no length") }
      switch marker {
      case 0xC0...0xCF where ![0xC4, 0xC8, 0xCC].contains(marker) && width == 0:
        height = try file.short(offset + 5)
        width = try file.short(offset + 7)
      case 0xDA:
        scans += 1
        // A progressive picture has about ten; each costs a pass over all pixels, however short it is.
        guard scans <= 100 else { throw Flaw.malformed("it has more than 100 scans") }
      case 0xE1 where orientation == 1 && file.starts(with: "Exif".utf8, at: offset + 4):
        orientation = TIFFDirectory.orientation(exif: try file.part(offset + 4, length - 2))
      default: break
      }
      offset += 2 + length
    }
    guard scans > 0 else { throw Flaw.malformed("it holds no pixels") }
  }

  /// Walks the chunks up to the last, `IEND`.
  mutating func readPNG(_ file: ByteView) throws {
    guard file.starts(with: "IHDR".utf8, at: 12) else { throw Flaw.malformed("it has no header") }
    (width, height) = (try file.long(16), try file.long(20))
    var offset = 8
    while !file.starts(with: "IEND".utf8, at: offset + 4) {
      let length = try file.long(offset)
      if file.starts(with: "eXIf".utf8, at: offset + 4) {
        orientation = TIFFDirectory.orientation(exif: try file.part(offset + 8, length))
      }
      offset += 12 + length
    }
    _ = try file.long(offset + 8)  // The checksum of the last chunk ends the file.
  }

  /// Walks the chunks; the size is the canvas's, or else that of the one frame. Of an animation, the first
  /// frame is made a file of its own (the loader's way with animations is slow, and unsound on broken ones).
  mutating func readWebP(_ file: ByteView) throws {
    guard try file.long(4) <= file.count - 8 else { throw Flaw.truncated }
    var isAnimated = false
    var offset = 12
    while offset < file.count - 8 {
      let (length, data) = (try file.long(offset + 4), offset + 8)
      let isFirst = width == 0
      if isFirst && file.starts(with: "VP8X".utf8, at: offset) {
        isAnimated = try file.byte(data) & 2 != 0
        width = try file.integer(data + 4, 3) + 1
        height = try file.integer(data + 7, 3) + 1
      } else if isFirst && file.starts(with: "VP8L".utf8, at: offset) {
        let packed = try file.long(data + 1)
        width = packed & 0x3FFF + 1
        height = packed >> 14 & 0x3FFF + 1
      } else if isFirst && file.starts(with: "VP8 ".utf8, at: offset) {
        width = try file.short(data + 6) & 0x3FFF
        height = try file.short(data + 8) & 0x3FFF
      } else if isAnimated && file.starts(with: "ANMF".utf8, at: offset) {
        guard try file.integer(data + 6, 3) + 1 == width && file.integer(data + 9, 3) + 1 == height else {
          throw Flaw.malformed("the first frame of its animation does not fill the picture")
        }
        let size = file.bytes[data + 6..<data + 12]
        let frame = try file.part(data + 16, length - 16).bytes
        let length = withUnsafeBytes(of: UInt32(22 + frame.count).littleEndian, Array.init)
        let flags: [UInt8] = [0x10, 0, 0, 0]  // May have alpha, is no animation.
        body = "RIFF".utf8 + length + "WEBPVP8X".utf8 + [10, 0, 0, 0] + flags + size + frame
        return
      } else if file.starts(with: "EXIF".utf8, at: offset) {
        orientation = TIFFDirectory.orientation(exif: try file.part(data, length))
      }
      offset = data + length + length % 2
    }
    if isAnimated { throw Flaw.malformed("its animation has no frame") }
  }

  /// Reads the first directory, and rewrites two values in it that libtiff would act on by itself.
  mutating func readTIFF(_ file: ByteView) throws {
    typealias Tag = TIFFDirectory.Tag
    let directory = try TIFFDirectory(file)
    width = directory[Tag.width] ?? 0
    height = directory[Tag.height] ?? 0
    orientation = directory.orientation
    // libtiff takes memory for a whole tile and for every sample, before it looks at the data.
    let tile = (directory[Tag.tileWidth] ?? 1, directory[Tag.tileHeight] ?? 1)
    guard tile.0 <= 4096 && tile.1 <= 4096 else {
      throw Flaw.malformed("its tiles of \(tile.0)x\(tile.1) pixels are larger than 4096 a side")
    }
    guard (directory[Tag.samples] ?? 1) <= 5 else {
      throw Flaw.malformed("it has more than 5 samples a pixel")
    }
    func rewrite(_ tag: Int, to value: UInt8) {
      guard let offset = directory.entries[tag]?.offset else { return }
      body[offset] = directory.littleEndian ? value : 0
      body[offset + 1] = directory.littleEndian ? 0 : value
    }
    // It knows only the flips among the orientations: all eight are applied by us.
    rewrite(Tag.orientation, to: 1)
    // It multiplies colours by an alpha of type 2 (not yet multiplied): call it type 1, and they stay as stored.
    if directory[Tag.extraSamples] == 2 { rewrite(Tag.extraSamples, to: 1) }
  }

  /// Cuts the file after its first frame, so that neither length nor flaws of an animation matter, and
  /// drops the extensions, so that the colour of transparent pixels stays as stored.
  mutating func readGIF(_ file: ByteView) throws {
    func tableLength(_ flags: Int) -> Int { flags & 0x80 == 0 ? 0 : 3 << (flags & 7 + 1) }
    func end(ofBlocksAt start: Int) throws -> Int {
      var offset = start
      while true {
        let length = try file.byte(offset)
        offset += 1 + length
        if length == 0 { return offset }
      }
    }
    (width, height) = (try file.short(6), try file.short(8))
    let screenEnd = 13 + tableLength(try file.byte(10))
    var frame = screenEnd
    while try file.byte(frame) == 0x21 { frame = try end(ofBlocksAt: frame + 2) }
    guard try file.byte(frame) == 0x2C else { throw Flaw.malformed("it has no frame") }
    let isWithin =
      try file.short(frame + 1) + file.short(frame + 5) <= width
      && file.short(frame + 3) + file.short(frame + 7) <= height
    guard isWithin else { throw Flaw.malformed("its first frame is larger than the picture") }
    let data = frame + 10 + tableLength(try file.byte(frame + 9))
    let frameEnd = try end(ofBlocksAt: data + 1)
    guard frameEnd <= file.count else { throw Flaw.truncated }
    body = Array(file.bytes[..<screenEnd] + file.bytes[frame..<frameEnd] + [0x3B])
  }

  /// Reads the header, of either kind, and how many bytes of pixels must follow.
  mutating func readBMP(_ file: ByteView) throws {
    let (pixels, headerLength) = (try file.long(10), try file.long(14))
    let isOld = headerLength == 12
    width = isOld ? try file.short(18) : Int(Int32(truncatingIfNeeded: try file.long(18)))
    // A negative height says that the first row is the top one.
    height = isOld ? try file.short(20) : abs(Int(Int32(truncatingIfNeeded: try file.long(22))))
    let bits = try file.short(isOld ? 24 : 28)
    let compression = isOld ? 0 : try file.long(30)
    let isRunLength = compression == 1 || compression == 2
    let (rows, row) = isRunLength ? (1, try file.long(34)) : (height, (width * bits + 31) / 32 * 4)
    guard pixels <= file.count && row <= (file.count - pixels) / max(rows, 1) else { throw Flaw.truncated }
  }
}
