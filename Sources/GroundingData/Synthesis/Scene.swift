import Pictures

/// A picture that is thought out but not painted yet.
package struct Scene: Sendable {
  package struct Object: Sendable {
    /// Position among the names that the scene is composed of.
    package var name: Int
    package var look: SceneName.Look
    package var sprite: Sprite
    /// Of most of what is seen; nil where there is none that a caption could tell of.
    package var color: ColorName?
    /// Around what is seen of it.
    package var box: CornerBox
    /// Pixels of it that are seen, and that would be seen if there were nothing before it.
    package var visible, whole: Int
    /// Positions of the objects that it hides a good part of.
    var covers: Set<Int> = []
  }

  package var size: Record.Size
  package var background: Background
  /// From the rearmost to the foremost.
  package var objects: [Object]
  /// Of what is drawn at random in painting.
  var seed: SeededGenerator

  package struct Background: Sendable {
    package var raster: Raster
    /// The part of it that is seen, in its pixels.
    var x, y, width, height: Float
    var isMirrored: Bool
    /// Factors of red, green and blue.
    var light: SIMD4<Float>
  }
}

/// What is seen where: at each pixel, which object is the foremost.
struct Visibility {
  /// 0 for the background, else position of the object plus 1.
  private(set) var owners: [UInt8]
  private let width, height: Int

  init(_ size: Record.Size) {
    (width, height) = (size.width, size.height)
    owners = Array(repeating: 0, count: width * height)
  }

  /// How many pixels of each object a sprite would hide, and how many of its own are within the picture.
  func hidden(by sprite: Sprite) -> (own: Int, counts: [Int: Int]) {
    var own = 0
    var counts = [Int](repeating: 0, count: 256)
    Self.forEachSolid(sprite, width, height) {
      own += 1
      counts[Int(owners[$0])] += 1
    }
    var result: [Int: Int] = [:]
    for index in 1..<counts.count where counts[index] > 0 { result[index - 1] = counts[index] }
    return (own, result)
  }

  mutating func put(_ sprite: Sprite, as object: Int) {
    let (width, height) = (width, height)
    owners.withUnsafeMutableBufferPointer { owners in
      Self.forEachSolid(sprite, width, height) { owners[$0] = UInt8(object + 1) }
    }
  }

  /// Around the pixels that an object has to itself; nil where it has none.
  func boxes(count: Int) -> [CornerBox?] {
    var corners = [(x0: Int, y0: Int, x1: Int, y1: Int)](repeating: (width, height, -1, -1), count: count)
    for y in 0..<height {
      for x in 0..<width where owners[y * width + x] != 0 {
        let object = Int(owners[y * width + x]) - 1
        corners[object].x0 = min(corners[object].x0, x)
        corners[object].x1 = max(corners[object].x1, x)
        corners[object].y0 = min(corners[object].y0, y)
        corners[object].y1 = y
      }
    }
    return corners.map { corner in
      corner.x1 < 0
        ? nil
        : CornerBox(
          x0: Double(corner.x0), y0: Double(corner.y0), x1: Double(corner.x1), y1: Double(corner.y1))
    }
  }

  private static func forEachSolid(
    _ sprite: Sprite, _ width: Int, _ height: Int, _ body: (Int) -> Void
  ) {
    sprite.pixels.withUnsafeBufferPointer { pixels in
      for y in max(0, -sprite.y)..<max(max(0, -sprite.y), min(sprite.height, height - sprite.y)) {
        for x in max(0, -sprite.x)..<max(max(0, -sprite.x), min(sprite.width, width - sprite.x))
        where pixels[4 * (y * sprite.width + x) + 3] >= Sprite.solid {
          body((sprite.y + y) * width + sprite.x + x)
        }
      }
    }
  }
}
