import Foundation
import Torch

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

  /// The same for many: deltas and anchors [n, 4] -> corners [n, 4].
  package static func decode(_ deltas: Tensor, anchors: Tensor) throws -> Tensor {
    let (center, size) = try centers(anchors)
    let newCenter = try deltas.sliced(1, 0..<2) / Double(weights.0) * size + center
    let growth = try (deltas.sliced(1, 2..<4) / Double(weights.1)).clamped(max: Double(largestGrowth))
    let reach = try (growth.exponential() * size - 1) * 0.5
    return try Tensor.concatenated([newCenter - reach, newCenter + reach], dimension: 1)
  }

  /// What describes boxes [n, 4] relative to anchors [n, 4]: dx, dy, dw, dh.
  package static func encode(_ boxes: Tensor, anchors: Tensor) throws -> Tensor {
    let (center, size) = try centers(boxes)
    let (anchorCenter, anchorSize) = try centers(anchors)
    let shift = try (center - anchorCenter) / anchorSize * Double(weights.0)
    let growth = try (size / anchorSize).logarithm() * Double(weights.1)
    return try Tensor.concatenated([shift, growth], dimension: 1)
  }

  /// Centres and sizes of boxes, [n, 2] each.
  private static func centers(_ boxes: Tensor) throws -> (center: Tensor, size: Tensor) {
    let (first, last) = try (boxes.sliced(1, 0..<2), boxes.sliced(1, 2..<4))
    return try ((first + last) / 2, last - first + 1)
  }
}
