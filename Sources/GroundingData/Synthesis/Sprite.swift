/// A cut-out turned, sized and lit, ready to be put into a scene.
package struct Sprite: Sendable {
  /// Of its upper left pixel in the scene; part of it may lie outside.
  package var x = 0, y = 0
  package let width, height: Int
  /// Red, green and blue times alpha, and alpha.
  package let pixels: [UInt8]
  /// Pixels that hide what is behind them.
  let solidCount: Int

  /// An alpha from which on a pixel counts as seen.
  package static let solid: UInt8 = 128

  /// How a cut-out stands.
  struct Pose {
    /// Pixels of the scene for a pixel of the cut-out; negative along x for its mirror image.
    var scale: SIMD2<Float>
    /// Radians, clockwise.
    var angle: Float
    /// Factors of red, green and blue.
    var light = SIMD4<Float>(1, 1, 1, 1)
    /// All shades become those of this colour.
    var tint: ColorName?
  }

  init(_ raster: Raster, _ pose: Pose) {
    // Halved until there is no more than two of its pixels for one: linear interpolation would miss the others.
    var source = Halved(raster)
    var scale = pose.scale
    while max(abs(scale.x), abs(scale.y)) < 0.5, source.width > 2, source.height > 2 {
      let before = SIMD2(Float(source.width), Float(source.height))
      source = source.halved()
      scale *= before / SIMD2(Float(source.width), Float(source.height))
    }
    let (sine, cosine) = (Sprite.sine(pose.angle), Sprite.sine(pose.angle + .pi / 2))
    let half = SIMD2(Float(source.width), Float(source.height)) * 0.5
    let size = SIMD2(abs(scale.x), abs(scale.y)) * half * 2
    width = max(1, Int((abs(cosine) * size.x + abs(sine) * size.y).rounded(.up)) + 1)
    height = max(1, Int((abs(sine) * size.x + abs(cosine) * size.y).rounded(.up)) + 1)
    let (width, height) = (width, height)
    var solidCount = 0
    pixels = [UInt8](unsafeUninitializedCapacity: 4 * width * height) { target, filled in
      let tint = pose.tint?.tint
      source.pixels.withUnsafeBufferPointer { pixels in
        for y in 0..<height {
          for x in 0..<width {
            let (dx, dy) = (Float(x) + 0.5 - Float(width) / 2, Float(y) + 0.5 - Float(height) / 2)
            let u = (cosine * dx + sine * dy) / scale.x + half.x - 0.5
            let v = (cosine * dy - sine * dx) / scale.y + half.y - 0.5
            var color = Halved.sample(pixels, source.width, source.height, u, v)
            if let tint {
              let shade = 0.35 * color.w + 0.65 * (0.3 * color.x + 0.59 * color.y + 0.11 * color.z)
              color = SIMD4(tint.x * shade, tint.y * shade, tint.z * shade, color.w)
            }
            color *= pose.light
            let pixel = 4 * (y * width + x)
            for channel in 0..<3 { target[pixel + channel] = min(color[channel], color.w).byte }
            let alpha = color.w.byte
            target[pixel + 3] = alpha
            if alpha >= Sprite.solid { solidCount += 1 }
          }
        }
      }
      filled = 4 * width * height
    }
    self.solidCount = solidCount
  }

  /// Of the library's sine, whose last digit may differ from one machine to another, only what a pixel can show.
  private static func sine(_ angle: Float) -> Float {
    var angle = angle.remainder(dividingBy: 2 * .pi)
    if angle > .pi / 2 { angle = .pi - angle }
    if angle < -.pi / 2 { angle = -.pi - angle }
    let square = angle * angle
    return angle * (1 - square / 6 * (1 - square / 20 * (1 - square / 42 * (1 - square / 72))))
  }
}

/// A cut-out at full size or less.
private struct Halved {
  let width, height: Int
  let pixels: [UInt8]

  init(_ raster: Raster) {
    (width, height, pixels) = (raster.width, raster.height, Array(raster.bytes))
  }

  private init(width: Int, height: Int, pixels: [UInt8]) {
    (self.width, self.height, self.pixels) = (width, height, pixels)
  }

  /// Means of two by two pixels.
  func halved() -> Halved {
    let (newWidth, newHeight) = (width / 2, height / 2)
    let result = [UInt8](unsafeUninitializedCapacity: 4 * newWidth * newHeight) { target, filled in
      pixels.withUnsafeBufferPointer { source in
        for y in 0..<newHeight {
          for x in 0..<newWidth {
            let (upper, to) = (4 * (2 * y * width + 2 * x), 4 * (y * newWidth + x))
            let lower = upper + 4 * width
            for channel in 0..<4 {
              let sum =
                UInt16(source[upper + channel]) + UInt16(source[upper + 4 + channel])
                + UInt16(source[lower + channel]) + UInt16(source[lower + 4 + channel])
              target[to + channel] = UInt8((sum + 2) >> 2)
            }
          }
        }
      }
      filled = 4 * newWidth * newHeight
    }
    return Halved(width: newWidth, height: newHeight, pixels: result)
  }

  /// Between four pixels; outside there is nothing.
  @inline(__always)
  static func sample(
    _ pixels: UnsafeBufferPointer<UInt8>, _ width: Int, _ height: Int, _ u: Float, _ v: Float
  ) -> SIMD4<Float> {
    guard u > -1, v > -1, u < Float(width), v < Float(height) else { return .zero }
    let (left, upper) = (Int(u.rounded(.down)), Int(v.rounded(.down)))
    let (right, lower) = (u - Float(left), v - Float(upper))
    @inline(__always) func pixel(_ x: Int, _ y: Int) -> SIMD4<Float> {
      guard x >= 0, y >= 0, x < width, y < height else { return .zero }
      let at = 4 * (y * width + x)
      return SIMD4(Float(pixels[at]), Float(pixels[at + 1]), Float(pixels[at + 2]), Float(pixels[at + 3]))
    }
    let above = pixel(left, upper) * (1 - right) + pixel(left + 1, upper) * right
    let below = pixel(left, upper + 1) * (1 - right) + pixel(left + 1, upper + 1) * right
    return above * (1 - lower) + below * lower
  }
}

extension Float {
  /// The nearest value of 8 bits. (Converting vectors as a whole is many times slower.)
  @inline(__always)
  var byte: UInt8 { UInt8(Swift.min(Swift.max(self + 0.5, 0), 255)) }
}
