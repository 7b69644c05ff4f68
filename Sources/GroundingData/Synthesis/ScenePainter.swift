import Foundation
import Pictures

/// Paints a scene: background, patches that mean nothing, shadows, objects, then what a camera adds.
struct ScenePainter {
  private let scene: Scene
  private let width, height: Int
  /// Red, green and blue.
  private var canvas: [UInt8]
  private var generator: SeededGenerator

  /// A JPEG file of the scene, the same every time.
  static func paint(_ scene: Scene) throws(PictureError) -> Data {
    var painter = ScenePainter(scene)
    painter.paintBackground()
    painter.paintPatches()
    painter.paintObjects()
    painter.blur()
    painter.addNoise()
    let quality = Int.random(in: 45...95, using: &painter.generator)
    return try Picture(width: painter.width, height: painter.height, pixels: painter.canvas)
      .encoded(as: .jpeg(quality: quality))
  }

  private init(_ scene: Scene) {
    self.scene = scene
    (width, height) = (scene.size.width, scene.size.height)
    canvas = Array(repeating: 0, count: 3 * width * height)
    generator = scene.seed
  }

  private mutating func paintBackground() {
    let background = scene.background
    let (width, height) = (width, height)
    canvas.withUnsafeMutableBufferPointer { canvas in
      Self.fill(background, width: width, height: height) { pixel, color in
        let color = color * background.light
        for channel in 0..<3 { canvas[3 * pixel + channel] = color[channel].byte }
      }
    }
  }

  /// Colours of a background, interpolated.
  @inline(__always)
  private static func fill(
    _ background: Scene.Background, width: Int, height: Int, _ body: (Int, SIMD4<Float>) -> Void
  ) {
    let raster = background.raster
    let (stepX, stepY) = (background.width / Float(width), background.height / Float(height))
    for y in 0..<height {
      let v = min(max(0, background.y + (Float(y) + 0.5) * stepY - 0.5), Float(raster.height - 1))
      let upper = Int(v)
      let lower = min(upper + 1, raster.height - 1)
      let down = v - Float(upper)
      for x in 0..<width {
        let column = background.isMirrored ? width - 1 - x : x
        let u = min(max(0, background.x + (Float(column) + 0.5) * stepX - 0.5), Float(raster.width - 1))
        let left = Int(u)
        let right = min(left + 1, raster.width - 1)
        let across = u - Float(left)
        @inline(__always) func color(_ x: Int, _ y: Int) -> SIMD4<Float> {
          let at = 3 * (y * raster.width + x)
          return SIMD4(
            Float(raster.bytes[at]), Float(raster.bytes[at + 1]), Float(raster.bytes[at + 2]), 0)
        }
        let above = color(left, upper) * (1 - across) + color(right, upper) * across
        let below = color(left, lower) * (1 - across) + color(right, lower) * across
        body(y * width + x, above * (1 - down) + below * down)
      }
    }
  }

  /// Plain shapes of one colour, so that not everything with an edge has a name.
  private mutating func paintPatches() {
    guard generator.chance(0.4) else { return }
    for _ in 0..<Int.random(in: 1...4, using: &generator) {
      let color = SIMD3<Float>(
        Float.random(in: 0...255, using: &generator), Float.random(in: 0...255, using: &generator),
        Float.random(in: 0...255, using: &generator))
      let opacity = Float.random(in: 0.3...0.9, using: &generator)
      let isRound = generator.chance(0.5)
      let center = SIMD2(
        Float.random(in: 0...Float(width), using: &generator),
        Float.random(in: 0...Float(height), using: &generator))
      let radius = SIMD2(
        Float.random(in: 5...45, using: &generator), Float.random(in: 5...45, using: &generator))
      let angle = Float.random(in: -1...1, using: &generator)
      // A shear instead of a turn does as well.
      for y in max(0, Int(center.y - radius.y))...max(0, min(height - 1, Int(center.y + radius.y))) {
        for x in max(0, Int(center.x - 2 * radius.x))...max(0, min(width - 1, Int(center.x + 2 * radius.x))) {
          let dy = (Float(y) - center.y) / radius.y
          let dx = (Float(x) - center.x) / radius.x - angle * dy
          let distance = isRound ? (dx * dx + dy * dy).squareRoot() : max(abs(dx), abs(dy))
          // A soft edge two pixels wide.
          let cover = min(1, max(0, (1 - distance) * min(radius.x, radius.y) * 0.5)) * opacity
          guard cover > 0 else { continue }
          let pixel = 3 * (y * width + x)
          for channel in 0..<3 {
            let old = Float(canvas[pixel + channel])
            canvas[pixel + channel] = UInt8(old + (color[channel] - old) * cover)
          }
        }
      }
    }
  }

  private mutating func paintObjects() {
    let hasShadows = generator.chance(0.65)
    let strength = Float.random(in: 0.2...0.55, using: &generator)
    let fall = SIMD2(
      Float.random(in: -0.12...0.12, using: &generator), Float.random(in: 0.02...0.12, using: &generator))
    for object in scene.objects {
      if hasShadows { paintShadow(of: object.sprite, strength, fall) }
      let sprite = object.sprite
      let (width, height) = (width, height)
      canvas.withUnsafeMutableBufferPointer { canvas in
        sprite.pixels.withUnsafeBufferPointer { pixels in
          for y in max(0, -sprite.y)..<max(max(0, -sprite.y), min(sprite.height, height - sprite.y)) {
            for x in max(0, -sprite.x)..<max(max(0, -sprite.x), min(sprite.width, width - sprite.x)) {
              let from = 4 * (y * sprite.width + x)
              let rest = 255 - Int(pixels[from + 3])
              guard rest < 255 else { continue }
              let to = 3 * ((sprite.y + y) * width + sprite.x + x)
              for channel in 0..<3 {
                let under = (Int(canvas[to + channel]) * rest + 127) / 255
                canvas[to + channel] = UInt8(min(255, Int(pixels[from + channel]) + under))
              }
            }
          }
        }
      }
    }
  }

  /// Darkens what lies beside an object: its outline, at a quarter of the resolution and blurred.
  private mutating func paintShadow(of sprite: Sprite, _ strength: Float, _ fall: SIMD2<Float>) {
    let cell = 4
    let border = 3
    let (columns, rows) = (sprite.width / cell + 1 + 2 * border, sprite.height / cell + 1 + 2 * border)
    var outline = [Float](repeating: 0, count: columns * rows)
    for row in 0..<rows - 2 * border {
      for column in 0..<columns - 2 * border {
        let (x, y) = (min(column * cell + 2, sprite.width - 1), min(row * cell + 2, sprite.height - 1))
        outline[(row + border) * columns + column + border] =
          Float(sprite.pixels[4 * (y * sprite.width + x) + 3]) / 255
      }
    }
    for _ in 0..<2 { outline = Self.smoothed(outline, columns, rows) }
    let offset = SIMD2(Float(sprite.width), Float(sprite.height)) * fall
    let (x0, y0) = (
      sprite.x + Int(offset.x) - border * cell, sprite.y + Int(offset.y) - border * cell
    )
    let (width, height) = (width, height)
    canvas.withUnsafeMutableBufferPointer { canvas in
      for y in max(0, y0)..<max(max(0, y0), min(height, y0 + (rows - 1) * cell)) {
        for x in max(0, x0)..<max(max(0, x0), min(width, x0 + (columns - 1) * cell)) {
          let (u, v) = (Float(x - x0) / Float(cell), Float(y - y0) / Float(cell))
          let (column, row) = (Int(u), Int(v))
          let (across, down) = (u - Float(column), v - Float(row))
          let at = row * columns + column
          let above = outline[at] * (1 - across) + outline[at + 1] * across
          let below = outline[at + columns] * (1 - across) + outline[at + columns + 1] * across
          let light = 1 - strength * (above * (1 - down) + below * down)
          guard light < 0.995 else { continue }
          let pixel = 3 * (y * width + x)
          for channel in 0..<3 {
            canvas[pixel + channel] = UInt8(Float(canvas[pixel + channel]) * light)
          }
        }
      }
    }
  }

  /// Means of three by three cells.
  private static func smoothed(_ values: [Float], _ columns: Int, _ rows: Int) -> [Float] {
    var result = values
    for row in 1..<rows - 1 {
      for column in 1..<columns - 1 {
        var sum: Float = 0
        for y in row - 1...row + 1 {
          for x in column - 1...column + 1 { sum += values[y * columns + x] }
        }
        result[row * columns + column] = sum / 9
      }
    }
    return result
  }

  /// Now and then the whole is a little out of focus: weights 1, 2, 1 along columns and rows.
  private mutating func blur() {
    guard generator.chance(0.15) else { return }
    for step in [3, 3 * width] {
      let source = canvas
      source.withUnsafeBufferPointer { source in
        canvas.withUnsafeMutableBufferPointer { canvas in
          for index in step..<canvas.count - step {
            let sum = UInt16(source[index - step]) + 2 * UInt16(source[index]) + UInt16(source[index + step])
            canvas[index] = UInt8((sum + 2) >> 2)
          }
        }
      }
    }
  }

  private mutating func addNoise() {
    guard generator.chance(0.35) else { return }
    let range = Int.random(in: 2...14, using: &generator)
    var state = generator.next() | 1
    canvas.withUnsafeMutableBufferPointer { canvas in
      for index in canvas.indices {
        // Xorshift (Marsaglia, 2003): any noise will do, and this is quick.
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        let change = Int(truncatingIfNeeded: state & 0xFF) * range >> 7
        canvas[index] = UInt8(min(255, max(0, Int(canvas[index]) + change - range)))
      }
    }
  }
}
