/// What of a series is drawn as lines.
package enum Curve {
  /// Each point moved to the mean height of those before it and itself, of which the last `span` weigh most: a weight
  /// falls by a factor of `1 - 2 / (span + 1)` a point. Points that are not finite stay as they are and count for nothing.
  package static func smoothed(_ points: [SIMD2<Double>], span: Int) -> [SIMD2<Double>] {
    let decay = 1 - 2 / (Double(span) + 1)
    var (sum, weight) = (0.0, 0.0)
    return points.map { point in
      guard point.y.isFinite else { return point }
      sum = decay * sum + point.y
      weight = decay * weight + 1
      return SIMD2(point.x, sum / weight)
    }
  }

  /// The stretches of points that a line joins, each without points that are not finite.
  package static func pieces(_ points: [SIMD2<Double>]) -> [[SIMD2<Double>]] {
    points.split { !$0.x.isFinite || !$0.y.isFinite }.map(Array.init)
  }

  /// Points of which a line looks the same: the first, lowest, highest and last of each column of pixels.
  ///
  /// Cairo takes long for a line of very many points that crosses itself.
  package static func thinned(_ points: [SIMD2<Double>]) -> [SIMD2<Double>] {
    var result: [SIMD2<Double>] = []
    var start = 0
    while start < points.count {
      let column = points[start].x.rounded(.down)
      var end = start
      var (low, high) = (start, start)
      while end < points.count, points[end].x.rounded(.down) == column {
        if points[end].y < points[low].y { low = end }
        if points[end].y > points[high].y { high = end }
        end += 1
      }
      for index in Set([start, low, high, end - 1]).sorted() { result.append(points[index]) }
      start = end
    }
    return result
  }
}
