/// One square anchor per position and level.
package enum Anchors {
  /// Pixels between neighbouring positions of P3…P7.
  package static let strides = [8, 16, 32, 64, 128]

  /// Side of the anchor in strides: 64 pixels on P3 … 1024 on P7.
  private static let scale = 8

  /// The anchor of a level's first position: x0, y0, x1, y1 with inclusive corners ("+1" convention), so the
  /// first anchor of P3 is (-28, -28, 35, 35), 64 pixels wide and centred at 3.5.
  package static func cell(level: Int) -> (Float, Float, Float, Float) {
    let stride = Float(strides[level])
    let center = (stride - 1) / 2
    let reach = (stride * Float(scale) - 1) / 2
    return (center - reach, center - reach, center + reach, center + reach)
  }

  /// The anchors of all levels one after the other, rows first: x0, y0, x1, y1.
  package static func boxes(_ levels: [PyramidLevels.Shape]) -> [SIMD4<Float>] {
    levels.enumerated().flatMap { level, shape in
      let (stride, cell) = (Float(strides[level]), cell(level: level))
      let first = SIMD4(cell.0, cell.1, cell.2, cell.3)
      return (0..<shape.height).flatMap { row in
        (0..<shape.width).map { column in
          let (x, y) = (Float(column) * stride, Float(row) * stride)
          return first + SIMD4(x, y, x, y)
        }
      }
    }
  }
}
