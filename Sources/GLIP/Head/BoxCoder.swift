import Foundation

/// Boxes as differences from anchors (Girshick et al., R-CNN), with the inclusive corners of the first detection
/// code bases: a box from x0 to x1 is x1 - x0 + 1 pixels wide.
package enum BoxCoder {
  /// Divisors of dx, dy, dw, dh: they bring the regression targets to similar size.
  private static let weights: (Float, Float) = (10, 5)

  /// A box may grow to 1000/16 of its anchor and no further.
  private static let largestGrowth = Float(log(1000.0 / 16.0))

  /// Corners of the box that `deltas` describe relative to an anchor.
  package static func decode(_ deltas: SIMD4<Float>, anchor: (Float, Float, Float, Float)) -> SIMD4<Float> {
    let width = anchor.2 - anchor.0 + 1
    let height = anchor.3 - anchor.1 + 1
    let centerX = (anchor.2 + anchor.0) / 2
    let centerY = (anchor.3 + anchor.1) / 2
    let newX = deltas.x / weights.0 * width + centerX
    let newY = deltas.y / weights.0 * height + centerY
    let newWidth = exp(min(deltas.z / weights.1, largestGrowth)) * width
    let newHeight = exp(min(deltas.w / weights.1, largestGrowth)) * height
    return SIMD4(
      newX - 0.5 * (newWidth - 1), newY - 0.5 * (newHeight - 1),
      newX + 0.5 * (newWidth - 1), newY + 0.5 * (newHeight - 1))
  }
}
