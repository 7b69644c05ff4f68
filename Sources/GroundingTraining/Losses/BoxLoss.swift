import Torch

/// Generalised intersection over union of pairs of boxes [n, 4] as x0, y0, x1, y1 -> [n], from -1 to 1 (Rezatofighi et
/// al., CVPR 2019). A first box whose last corner comes before its first is taken as a line.
package func generalizedIoU(_ boxes: Tensor, _ others: Tensor) throws -> Tensor {
  let first = try boxes.sliced(1, 0..<2)
  let last = try Tensor.maximum(first, boxes.sliced(1, 2..<4))
  let (otherFirst, otherLast) = try (others.sliced(1, 0..<2), others.sliced(1, 2..<4))
  func area(_ size: Tensor) throws -> Tensor { try size.selected(1, 0) * size.selected(1, 1) }

  let shared = try area((Tensor.minimum(last, otherLast) - Tensor.maximum(first, otherFirst)).clamped(min: 0))
  let union = try area(last - first) + area(otherLast - otherFirst) - shared + smallest
  let hull = try area(Tensor.maximum(last, otherLast) - Tensor.minimum(first, otherFirst)) + smallest
  return try shared / union - (hull - union) / hull
}

/// Keeps areas from being zero.
private let smallest = 1e-7
