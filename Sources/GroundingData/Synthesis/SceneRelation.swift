/// How objects stand to each other, told only where nobody would doubt it.
enum SceneRelation: CaseIterable, Sendable {
  case left, right, above, below, before, behind, beside

  /// Words between the two.
  var words: [String] {
    switch self {
    case .left: ["to the left of", "left of", "on the left of"]
    case .right: ["to the right of", "right of", "on the right of"]
    case .above: ["above", "over"]
    case .below: ["below", "under", "beneath"]
    case .before: ["in front of"]
    case .behind: ["behind"]
    case .beside: ["next to", "beside", "near"]
    }
  }

  /// Whether it is so for each pair of one and other objects.
  func holds(_ one: [Int], _ other: [Int], in scene: Scene) -> Bool {
    one.allSatisfy { a in other.allSatisfy { b in holds(a, b, in: scene) } }
  }

  private func holds(_ a: Int, _ b: Int, in scene: Scene) -> Bool {
    let (first, second) = (scene.objects[a], scene.objects[b])
    switch self {
    case .left: return first.box.isLeft(of: second.box)
    case .right: return second.box.isLeft(of: first.box)
    case .above: return first.box.isAbove(second.box)
    case .below: return second.box.isAbove(first.box)
    case .before: return first.covers.contains(b)
    case .behind: return second.covers.contains(a)
    case .beside:
      let gap = max(
        max(first.box.x0 - second.box.x1, second.box.x0 - first.box.x1),
        max(first.box.y0 - second.box.y1, second.box.y0 - first.box.y1))
      let isLevel =
        abs(first.box.middle.y - second.box.middle.y) < 0.5 * max(first.box.height, second.box.height)
      return isLevel && gap > 0 && gap < 0.35 * min(first.box.width, second.box.width)
    }
  }
}

extension CornerBox {
  fileprivate var middle: (x: Double, y: Double) { ((x0 + x1) / 2, (y0 + y1) / 2) }

  fileprivate func isLeft(of other: CornerBox) -> Bool {
    let (dx, dy) = (other.middle.x - middle.x, other.middle.y - middle.y)
    return x1 <= other.x0 + 0.2 * min(width, other.width) && dx > 1.2 * abs(dy)
  }

  fileprivate func isAbove(_ other: CornerBox) -> Bool {
    let (dx, dy) = (other.middle.x - middle.x, other.middle.y - middle.y)
    return y1 <= other.y0 + 0.2 * min(height, other.height) && dy > 1.2 * abs(dx)
  }
}
