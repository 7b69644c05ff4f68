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
}
