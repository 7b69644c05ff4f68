/// Pictures beside each other on one, each with a text below.
public struct ContactSheet: Sendable {
  /// Width of a column, in pixels; a picture is made to fit.
  public var tileWidth: Int
  public var columns: Int

  private let gap = 16
  private let fontSize = 14.0
  private let lineHeight = 19.0
  private let family = "DejaVu Sans"
  private let ink = SIMD3<Double>(repeating: 0.13)
  /// More of a text is left out.
  private let mostLines = 4

  public init(tileWidth: Int = 420, columns: Int = 3) {
    precondition(tileWidth > 0 && columns > 0, "a sheet has a column")
    (self.tileWidth, self.columns) = (tileWidth, columns)
  }

  /// The size at which a picture of this size stands on the sheet: it keeps its shape and is at most as high as wide.
  public func tileSize(width: Int, height: Int) -> (width: Int, height: Int) {
    let scale = min(Double(tileWidth) / Double(width), Double(tileWidth) / Double(height))
    func side(_ pixels: Int) -> Int { max(1, min(tileWidth, Int((Double(pixels) * scale).rounded()))) }
    return (side(width), side(height))
  }

  /// - Parameter tiles: pictures of `tileSize`, with their texts.
  /// - Throws: `PictureError.undrawable` where the sheet would have more than 32,767 pixels a side.
  public func drawn(_ tiles: [(picture: Picture, text: String)]) throws(PictureError) -> Picture {
    let measure = try Canvas(Picture(width: 1, height: 1, pixels: [0, 0, 0]))
    let texts = tiles.map { wrapped($0.text, on: measure) }
    let rows = stride(from: 0, to: tiles.count, by: columns).map { $0..<min($0 + columns, tiles.count) }
    // Each row is as high as its highest tile.
    let heights = rows.map { row in
      row.map { tiles[$0].picture.height }.max()! + Int(lineHeight) * (row.map { texts[$0].count }.max()!) + 8
    }
    let width = min(columns, max(tiles.count, 1)) * (tileWidth + gap) + gap
    let height = heights.reduce(gap) { $0 + $1 + gap }
    guard width <= 32_767, height <= 32_767 else {
      throw .undrawable(reason: "a sheet of \(width)x\(height) pixels is too large")
    }
    var pixels = [UInt8](repeating: 255, count: 3 * width * height)
    var y = gap
    for (row, rowHeight) in zip(rows, heights) {
      for (column, index) in row.enumerated() {
        paste(tiles[index].picture, at: (x(of: column), y), into: &pixels, width: width)
      }
      y += rowHeight + gap
    }
    let canvas = try Canvas(Picture(width: width, height: height, pixels: pixels))
    y = gap
    for (row, rowHeight) in zip(rows, heights) {
      for (column, index) in row.enumerated() {
        for (number, text) in texts[index].enumerated() {
          let line = self.line(text, on: canvas)
          let left = Double(x(of: column))
          let top = Double(y + tiles[index].picture.height) + 6 + lineHeight * Double(number)
          let place = PixelBox(x0: left, y0: top, x1: left + Double(tileWidth), y1: top + lineHeight)
          canvas.draw(line, in: place, inset: 0, color: ink)
        }
      }
      y += rowHeight + gap
    }
    return canvas.picture
  }

  private func x(of column: Int) -> Int { gap + column * (tileWidth + gap) }

  private func line(_ text: String, on canvas: Canvas) -> TextLine {
    canvas.line(text, family: family, size: fontSize, maxWidth: Double(tileWidth), keepsEnd: false)
  }

  /// The text cut into lines that fit; the last one is shortened where there is too much.
  private func wrapped(_ text: String, on canvas: Canvas) -> [String] {
    var lines: [String] = []
    for paragraph in text.split(whereSeparator: \.isNewline) {
      var current = ""
      for word in paragraph.split(separator: " ") {
        let longer = current.isEmpty ? String(word) : current + " " + word
        let isFull = lines.count + 1 == mostLines
        if current.isEmpty || isFull || fits(longer, on: canvas) {
          current = longer
        } else {
          lines.append(current)
          current = String(word)
        }
      }
      lines.append(current)
      if lines.count >= mostLines { break }
    }
    return lines
  }

  private func fits(_ text: String, on canvas: Canvas) -> Bool {
    // A line that need not be shortened is as wide as if there were no bound.
    canvas.line(text, family: family, size: fontSize, maxWidth: .greatestFiniteMagnitude, keepsEnd: false)
      .width
      <= Double(tileWidth)
  }

  private func paste(
    _ picture: Picture, at place: (x: Int, y: Int), into pixels: inout [UInt8], width: Int
  ) {
    for y in 0..<picture.height {
      let target = 3 * ((place.y + y) * width + place.x)
      let source = 3 * y * picture.width
      pixels.replaceSubrange(
        target..<(target + 3 * picture.width), with: picture.pixels[source..<(source + 3 * picture.width)])
    }
  }
}
