extension Picture {
  /// The picture as a mirror shows it, left and right exchanged.
  public func mirrored() -> Picture {
    let result = [UInt8](unsafeUninitializedCapacity: pixels.count) { target, filled in
      pixels.withUnsafeBufferPointer { source in
        for y in 0..<height {
          var from = 3 * y * width
          var to = from + 3 * (width - 1)
          for _ in 0..<width {
            target[to] = source[from]
            target[to + 1] = source[from + 1]
            target[to + 2] = source[from + 2]
            from += 3
            to -= 3
          }
        }
      }
      filled = pixels.count
    }
    return Picture(width: width, height: height, pixels: result)
  }

  /// The part of the picture in the given columns and rows, which must be of it and not empty.
  public func cropped(x columns: Range<Int>, y rows: Range<Int>) -> Picture {
    precondition(!columns.isEmpty && !rows.isEmpty, "a picture has at least one pixel")
    precondition(
      columns.lowerBound >= 0 && columns.upperBound <= width && rows.lowerBound >= 0
        && rows.upperBound <= height, "the part lies in the picture")
    var result: [UInt8] = []
    result.reserveCapacity(3 * columns.count * rows.count)
    for y in rows {
      let row = 3 * y * width
      result += pixels[row + 3 * columns.lowerBound..<row + 3 * columns.upperBound]
    }
    return Picture(width: columns.count, height: rows.count, pixels: result)
  }
}
