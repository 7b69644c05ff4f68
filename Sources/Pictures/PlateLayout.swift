/// Where the label plates go: at their boxes, inside the picture, and apart from each other if possible.
struct PlateLayout {
  let width: Double
  let height: Double
  private(set) var placed: [PixelBox] = []

  init(width: Double, height: Double) {
    self.width = width
    self.height = height
  }

  /// Places a plate of the given size (at most the picture's) at a box, whose lines end at its edges.
  mutating func place(width plateWidth: Double, height plateHeight: Double, at box: PixelBox) -> PixelBox {
    let (left, right) = (box.x0, box.x1 - plateWidth)
    let (above, top) = (box.y0 - plateHeight, box.y0)
    let (bottom, below) = (box.y1 - plateHeight, box.y1)
    let positions = [
      (left, above), (left, top), (left, below), (left, bottom),
      (right, above), (right, top), (right, below), (right, bottom),
    ]
    var best: (plate: PixelBox, cost: Double)?
    for (x, y) in positions where y >= 0 && y + plateHeight <= height || y == top || y == bottom {
      let x = max(0, min(x, width - plateWidth)).rounded(.down)
      let y = max(0, min(y, height - plateHeight)).rounded(.down)
      let plate = PixelBox(x0: x, y0: y, x1: x + plateWidth, y1: y + plateHeight)
      let cost = placed.reduce(0) { $0 + $1.overlap(plate) }
      if cost < best?.cost ?? .infinity { best = (plate, cost) }
      if cost == 0 { break }
    }
    let plate = best?.plate ?? PixelBox(x0: 0, y0: 0, x1: plateWidth, y1: plateHeight)
    placed.append(plate)
    return plate
  }
}
