import Pictures
import Torch

/// A picture as the network reads it: resized and normalised. `Detector.prepare` makes one, so that a program can
/// read pictures ahead while the network is busy with others.
public struct NetworkInput: Sendable {
  /// [1, 3, H, W] float32, blue first, normalised, channels last in memory; H and W are multiples of 32, zero
  /// beyond the picture.
  package let pixels: Tensor
  /// Size of the resized picture, without padding.
  package let width: Int
  package let height: Int
  /// Size of the picture as it was given.
  package let originalWidth: Int
  package let originalHeight: Int
}

package enum Preprocessing {
  /// Sides are padded to what the encoder and the pyramid halve down to.
  private static let multiple = 32
  /// Mean and deviation of ImageNet's blue, green and red on the scale 0…255, as the Swin weights expect
  /// them.
  private static let mean: [Float] = [103.53, 116.28, 123.675]
  private static let deviation: [Float] = [57.375, 57.12, 58.395]

  /// Every possible normalised value, by channel and byte. The detour over 0…1 rounds as the authors' does.
  private static let table: [Float] = (0..<3).flatMap { channel in
    (0..<256).map { (byte: Int) -> Float in
      let unit = Float(byte) / 255
      return (unit * 255 - mean[channel]) / deviation[channel]
    }
  }

  /// Most pixels the network is shown. Its memory grows with them, and a narrow picture may be enlarged
  /// without bound where the longer side has none.
  private static let mostPixels = 1 << 25

  /// Resizes, normalises and pads.
  ///
  /// - Throws: `DetectorError.tooManyPixels` where the rule would enlarge a long, narrow picture out of
  ///   bounds.
  package static func input(for picture: Picture, _ rule: ResizeRule) throws -> NetworkInput {
    let resized = try resized(picture, rule)
    try Trace.record("resized_rgb", Tensor(resized.pixels, shape: [resized.height, resized.width, 3]))
    return NetworkInput(
      pixels: try pixels(of: [resized]), width: resized.width, height: resized.height,
      originalWidth: picture.width, originalHeight: picture.height)
  }

  /// Normalises and pads a picture that has its size already; boxes will be in its own pixels.
  package static func input(ofResized picture: Picture) throws -> NetworkInput {
    NetworkInput(
      pixels: try pixels(of: [picture]), width: picture.width, height: picture.height,
      originalWidth: picture.width, originalHeight: picture.height)
  }

  /// The picture at the size the rule gives.
  ///
  /// - Throws: `DetectorError.tooManyPixels` where that is out of bounds.
  package static func resized(_ picture: Picture, _ rule: ResizeRule) throws -> Picture {
    let size = rule.size(width: picture.width, height: picture.height)
    guard size.width <= mostPixels / size.height else {
      throw DetectorError.tooManyPixels(width: size.width, height: size.height, most: mostPixels)
    }
    return picture.resized(width: size.width, height: size.height)
  }

  /// Normalises, and pads all pictures to one size.
  ///
  /// - Returns: [B, 3, H, W] as in `NetworkInput`, H and W the largest of the pictures, rounded up.
  /// - Throws: `DetectorError.tooManyPixels` for pictures whose common size is out of bounds.
  package static func pixels(of pictures: [Picture]) throws -> Tensor {
    let (widest, highest) = (pictures.map(\.width).max() ?? 0, pictures.map(\.height).max() ?? 0)
    guard widest <= mostPixels / max(highest, 1) else {
      throw DetectorError.tooManyPixels(width: widest, height: highest, most: mostPixels)
    }
    let (width, height) = (widest + -widest %% multiple, highest + -highest %% multiple)
    let size = 3 * width * height
    let values = [Float](unsafeUninitializedCapacity: pictures.count * size) { target, count in
      target.initialize(repeating: 0)
      for (index, picture) in pictures.enumerated() {
        write(
          picture, to: UnsafeMutableBufferPointer(rebasing: target[index * size..<(index + 1) * size]), width)
      }
      count = target.count
    }
    return try Tensor(values, shape: [pictures.count, height, width, 3]).permuted(0, 3, 1, 2)
  }

  /// - Parameter width: of the rows of `target`, in pixels.
  private static func write(_ picture: Picture, to target: UnsafeMutableBufferPointer<Float>, _ width: Int) {
    picture.pixels.withUnsafeBufferPointer { source in
      table.withUnsafeBufferPointer { table in
        for y in 0..<picture.height {
          var (from, to) = (3 * y * picture.width, 3 * y * width)
          for _ in 0..<picture.width {
            target[to] = table[Int(source[from + 2])]
            target[to + 1] = table[256 + Int(source[from + 1])]
            target[to + 2] = table[512 + Int(source[from])]
            from += 3
            to += 3
          }
        }
      }
    }
  }
}
