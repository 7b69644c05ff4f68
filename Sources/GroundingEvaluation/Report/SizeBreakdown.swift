/// How many objects of which size were found.
package struct SizeBreakdown {
  /// Sides of squares as large as the objects, in pixels: bin i is from the i-th to the next one, the last has no end.
  /// COCO's limits, 32 and 96, are among them.
  package static let sides: [Double] = [0, 8, 16, 32, 64, 96, 128, 192, 256, 384, 512]

  package private(set) var objects = [Int](repeating: 0, count: sides.count)
  package private(set) var found = [Int](repeating: 0, count: sides.count)

  /// - Parameter area: in square pixels.
  package mutating func add(area: Double, isFound: Bool) {
    let side = max(area, 0).squareRoot()
    guard let bin = Self.sides.lastIndex(where: { $0 <= side }) else { return }
    objects[bin] += 1
    if isFound { found[bin] += 1 }
  }

  /// Objects, and those of them that were found, between two of `sides`.
  package func counts(from low: Double, to high: Double) -> (objects: Int, found: Int) {
    Self.sides.indices.reduce((0, 0)) { sum, bin in
      guard Self.sides[bin] >= low && Self.sides[bin] < high else { return sum }
      return (sum.0 + objects[bin], sum.1 + found[bin])
    }
  }
}
