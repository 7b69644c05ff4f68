/// Bilinear resampling as Pillow does it, which is what GLIP's checkpoints saw in training: a triangle
/// that widens with the reduction (so it is free of aliasing), first along rows, then along columns,
/// each in fixed point and rounded to 8 bits. Equal to Pillow's to the last bit. (Pillow 13 goes along columns
/// first where the width grows and the height shrinks, which can differ by 1 there; 10.4 does not.)
private struct Taps {
  /// Pillow's: 8 bits of pixel and 2 of head room leave 22 of 32 for the fraction.
  static let precision: Int32 = 22

  /// The first source pixel of each target pixel.
  var starts: [Int] = []
  /// How many source pixels count, of each target pixel.
  var counts: [Int] = []
  /// `width` weights a target pixel.
  var weights: [Int32] = []
  let width: Int

  init(from source: Int, to target: Int) {
    let scale = Double(source) / Double(target)
    let support = max(scale, 1)
    width = Int(support.rounded(.up)) * 2 + 1
    weights = Array(repeating: 0, count: width * target)
    for index in 0..<target {
      let center = (Double(index) + 0.5) * scale
      let start = max(0, Int(center - support + 0.5))
      let count = min(source, Int(center + support + 0.5)) - start
      let raw = (0..<count).map { tap in
        max(0, 1 - abs((Double(tap + start) - center + 0.5) * (1 / support)))
      }
      let sum = raw.reduce(0, +)
      for (tap, weight) in raw.enumerated() {
        weights[index * width + tap] = Int32(0.5 + weight / sum * Double(1 << Self.precision))
      }
      starts.append(start)
      counts.append(count)
    }
  }
}

extension Picture {
  /// The picture resampled to another size, by the triangle filter (`BILINEAR` in Pillow).
  public func resized(width newWidth: Int, height newHeight: Int) -> Picture {
    precondition(newWidth > 0 && newHeight > 0, "a picture has at least one pixel")
    return resized(width: newWidth).resized(height: newHeight)
  }

  private func resized(width newWidth: Int) -> Picture {
    guard newWidth != width else { return self }
    let taps = Taps(from: width, to: newWidth)
    let half = Int32(1) << (Taps.precision - 1)
    let result = [UInt8](unsafeUninitializedCapacity: 3 * newWidth * height) { target, filled in
      pixels.withUnsafeBufferPointer { source in
        taps.weights.withUnsafeBufferPointer { weights in
          for y in 0..<height {
            for x in 0..<newWidth {
              var sum = SIMD4<Int32>(repeating: half)
              var pixel = 3 * (y * width + taps.starts[x])
              for tap in x * taps.width..<x * taps.width + taps.counts[x] {
                let color = SIMD4(
                  Int32(source[pixel]), Int32(source[pixel + 1]), Int32(source[pixel + 2]), 0)
                sum &+= color &* weights[tap]
                pixel += 3
              }
              let out = 3 * (y * newWidth + x)
              target[out] = UInt8(truncatingIfNeeded: min(sum[0] >> Taps.precision, 255))
              target[out + 1] = UInt8(truncatingIfNeeded: min(sum[1] >> Taps.precision, 255))
              target[out + 2] = UInt8(truncatingIfNeeded: min(sum[2] >> Taps.precision, 255))
            }
          }
        }
      }
      filled = 3 * newWidth * height
    }
    return Picture(width: newWidth, height: height, pixels: result)
  }

  private func resized(height newHeight: Int) -> Picture {
    guard newHeight != height else { return self }
    let taps = Taps(from: height, to: newHeight)
    let half = Int32(1) << (Taps.precision - 1)
    let length = 3 * width
    var sums = [Int32](repeating: half, count: length)
    let result = [UInt8](unsafeUninitializedCapacity: length * newHeight) { target, filled in
      pixels.withUnsafeBufferPointer { source in
        sums.withUnsafeMutableBufferPointer { sums in
          for y in 0..<newHeight {
            sums.update(repeating: half)
            for tap in 0..<taps.counts[y] {
              let weight = taps.weights[y * taps.width + tap]
              let row = (taps.starts[y] + tap) * length
              for x in 0..<length { sums[x] &+= Int32(source[row + x]) &* weight }
            }
            for x in 0..<length {
              target[y * length + x] = UInt8(truncatingIfNeeded: min(sums[x] >> Taps.precision, 255))
            }
          }
        }
      }
      filled = length * newHeight
    }
    return Picture(width: width, height: newHeight, pixels: result)
  }
}
