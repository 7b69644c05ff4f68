import Pictures

/// Changes brightness, contrast and saturation at random, in this order.
public struct ColorJitter: Sendable, Hashable, Codable {
  /// Each factor is drawn from 1 - amount to 1 + amount; an amount is from 0 to 1.
  public var brightness = 0.2
  public var contrast = 0.2
  public var saturation = 0.2

  public init() {}

  public init(from decoder: any Decoder) throws {
    let settings = try decoder.settings(CodingKeys.self)
    brightness = try settings.value(.brightness, or: brightness)
    contrast = try settings.value(.contrast, or: contrast)
    saturation = try settings.value(.saturation, or: saturation)
  }

  func validate() throws(SettingError) {
    try SettingError.check("change of brightness", probability: brightness)
    try SettingError.check("change of contrast", probability: contrast)
    try SettingError.check("change of saturation", probability: saturation)
  }

  package func applied(to picture: Picture, using generator: inout SeededGenerator) -> Picture {
    func factor(_ amount: Double) -> Double { Double.random(in: 1 - amount...1 + amount, using: &generator) }
    return picture.recolored(
      brightness: factor(brightness), contrast: factor(contrast), saturation: factor(saturation))
  }
}

extension Picture {
  /// Factors of 1 change nothing. Contrast is the distance from the mean grey of the picture, saturation that
  /// from the grey of the pixel; grey is weighted as for television (ITU-R BT.601).
  package func recolored(brightness: Double, contrast: Double, saturation: Double) -> Picture {
    let brighter = (0..<256).map { Self.byte(Double($0) * brightness) }
    let mean = contrast == 1 ? 0 : meanGray(brighter)
    let table = brighter.map { Self.byte((Double($0) - mean) * contrast + mean) }
    // In units of 1/65536, like the weights of grey.
    let share = Int32((saturation * 65536).rounded())
    let result = [UInt8](unsafeUninitializedCapacity: pixels.count) { target, filled in
      pixels.withUnsafeBufferPointer { source in
        table.withUnsafeBufferPointer { table in
          for pixel in stride(from: 0, to: source.count, by: 3) {
            let color = SIMD4(
              Int32(table[Int(source[pixel])]), Int32(table[Int(source[pixel + 1])]),
              Int32(table[Int(source[pixel + 2])]), 0)
            let gray = ((color &* Self.grayWeights).wrappedSum() &+ 32768) >> 16
            let mixed = (color &* share &+ (65536 &- share) &* gray &+ 32768) &>> 16
            let clamped = mixed.clamped(lowerBound: .zero, upperBound: SIMD4(repeating: 255))
            target[pixel] = UInt8(truncatingIfNeeded: clamped[0])
            target[pixel + 1] = UInt8(truncatingIfNeeded: clamped[1])
            target[pixel + 2] = UInt8(truncatingIfNeeded: clamped[2])
          }
        }
      }
      filled = pixels.count
    }
    return Picture(width: width, height: height, pixels: result)
  }

  private static let grayWeights = SIMD4<Int32>(19595, 38470, 7471, 0)

  private func meanGray(_ table: [UInt8]) -> Double {
    // How often each byte occurs, by channel.
    var counts = [Int](repeating: 0, count: 3 * 256)
    counts.withUnsafeMutableBufferPointer { counts in
      pixels.withUnsafeBufferPointer { source in
        for pixel in stride(from: 0, to: source.count, by: 3) {
          counts[Int(source[pixel])] += 1
          counts[256 + Int(source[pixel + 1])] += 1
          counts[512 + Int(source[pixel + 2])] += 1
        }
      }
    }
    let sum = counts.indices.reduce(0.0) { sum, index in
      sum + Double(counts[index]) * Double(table[index % 256]) * Double(Self.grayWeights[index / 256])
    }
    return sum / 65536 / Double(width * height)
  }

  private static func byte(_ value: Double) -> UInt8 { UInt8(min(max(value.rounded(), 0), 255)) }
}
