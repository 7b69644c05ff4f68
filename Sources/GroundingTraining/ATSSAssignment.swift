import GLIP

/// Which anchor is to find which box (Zhang et al., "Bridging the Gap Between Anchor-based and Anchor-free Detection via
/// Adaptive Training Sample Selection", CVPR 2020, algorithm 1).
///
/// Of each level the nine anchors nearest to a box's centre are candidates. Those whose overlap with the box reaches the
/// mean plus one deviation of all candidates' overlaps, and whose centres lie inside the box, are positive.
package struct ATSSAssignment: Sendable {
  /// For each anchor the index of its box; nil for the background.
  package let boxes: [Int?]

  /// Anchors of one level that a box may have.
  private static let candidatesPerLevel = 9
  /// Pixels by which a centre must be inside.
  private static let margin: Float = 0.01

  /// - Parameters:
  ///   - boxes: finite corners x0, y0, x1, y1 in pixels of the network's picture
  ///   - levels: of the pyramid
  ///   - anchors: `Anchors.boxes(levels)`
  package init(_ boxes: [SIMD4<Float>], levels: [PyramidLevels.Shape], anchors: [SIMD4<Float>]) {
    var assigned = [Int?](repeating: nil, count: anchors.count)
    var best = [Float](repeating: -.infinity, count: anchors.count)
    for (index, box) in boxes.enumerated() {
      let candidates = Self.candidates(for: box.center, levels: levels, anchors: anchors)
      let overlaps = candidates.map { anchors[$0].overlap(with: box) }
      let threshold = Self.threshold(overlaps)
      // A box is second to none but one that overlaps the anchor more.
      for (anchor, overlap) in zip(candidates, overlaps)
      where overlap >= threshold && overlap > best[anchor]
        && box.contains(anchors[anchor].center, margin: Self.margin)
      {
        (assigned[anchor], best[anchor]) = (index, overlap)
      }
    }
    self.boxes = assigned
  }

  /// Mean plus unbiased deviation.
  private static func threshold(_ overlaps: [Float]) -> Float {
    let count = Double(overlaps.count)
    let mean = overlaps.reduce(0) { $0 + Double($1) } / count
    let squares = overlaps.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) }
    return Float(mean) + Float((squares / max(count - 1, 1)).squareRoot())
  }

  /// The nearest anchors of each level.
  private static func candidates(
    for point: SIMD2<Float>, levels: [PyramidLevels.Shape], anchors: [SIMD4<Float>]
  ) -> [Int] {
    var found: [Int] = []
    var first = 0
    for (level, shape) in levels.enumerated() where shape.positions > 0 {
      let stride = Float(Anchors.strides[level])
      let place = (point - anchors[first].center) / stride
      // In its row and in its column, nothing beyond this many steps can be among the nearest.
      let columns = Self.around(place.x, steps: candidatesPerLevel - 1, count: shape.width)
      let rows = Self.around(place.y, steps: candidatesPerLevel - 1, count: shape.height)
      var nearest: [(anchor: Int, distance: Float)] = []
      for row in rows {
        for column in columns {
          let anchor = first + row * shape.width + column
          let way = anchors[anchor].center - point
          let distance = (way * way).sum()
          if nearest.count == candidatesPerLevel {
            guard distance < nearest[candidatesPerLevel - 1].distance else { continue }
            nearest.removeLast()
          }
          let rank = nearest.firstIndex { distance < $0.distance } ?? nearest.count
          nearest.insert((anchor, distance), at: rank)
        }
      }
      found += nearest.map(\.anchor)
      first += shape.positions
    }
    return found
  }

  /// Indices of a row of `count` within `steps` of the one nearest to `place`.
  private static func around(_ place: Float, steps: Int, count: Int) -> ClosedRange<Int> {
    let nearest = Int(min(max(place.rounded(), 0), Float(count - 1)))
    return max(nearest - steps, 0)...min(nearest + steps, count - 1)
  }
}

/// Boxes as first and last pixels: x0, y0, x1, y1.
extension SIMD4<Float> {
  package var center: SIMD2<Float> { SIMD2(x + z, y + w) / 2 }

  private var area: Float { (z - x + 1) * (w - y + 1) }

  /// Intersection over union, pixels counted inclusively.
  package func overlap(with other: SIMD4<Float>) -> Float {
    let width = max(Swift.min(z, other.z) - Swift.max(x, other.x) + 1, 0)
    let height = max(Swift.min(w, other.w) - Swift.max(y, other.y) + 1, 0)
    let shared = width * height
    return shared / (area + other.area - shared)
  }

  func contains(_ point: SIMD2<Float>, margin: Float) -> Bool {
    Swift.min(point.x - x, point.y - y, z - point.x, w - point.y) > margin
  }

  /// How central a point of the box is, 1 in the middle and 0 at the edge (Tian et al., "FCOS", ICCV 2019, equation 3).
  package func centerness(at point: SIMD2<Float>) -> Float {
    let (left, right, top, bottom) = (point.x - x, z - point.x, point.y - y, w - point.y)
    return (Swift.min(left, right) / Swift.max(left, right) * Swift.min(top, bottom) / Swift.max(top, bottom))
      .squareRoot()
  }
}
