/// Colours that captions tell of, as people tell them apart without much thought.
package enum ColorName: UInt8, Sendable, CaseIterable {
  case red, orange, yellow, green, blue, purple, pink, brown, black, white, gray

  package var word: String { "\(self)" }

  /// In what a cut-out is tinted; none that shadows or highlights would hide.
  static let tints: [ColorName] = [.red, .orange, .yellow, .green, .blue, .purple, .pink, .brown]

  /// Red, green and blue of a tint, 0 to 1.
  var tint: SIMD4<Float> {
    switch self {
    case .red: [0.88, 0.10, 0.10, 1]
    case .orange: [1.00, 0.53, 0.05, 1]
    case .yellow: [0.98, 0.87, 0.08, 1]
    case .green: [0.15, 0.68, 0.20, 1]
    case .blue: [0.12, 0.32, 0.92, 1]
    case .purple: [0.52, 0.16, 0.76, 1]
    case .pink: [1.00, 0.45, 0.72, 1]
    case .brown: [0.50, 0.29, 0.13, 1]
    case .black: [0.1, 0.1, 0.1, 1]
    case .white: [1, 1, 1, 1]
    case .gray: [0.5, 0.5, 0.5, 1]
    }
  }

  /// The name of a colour; nil between two.
  ///
  /// - Parameter color: red, green and blue, 0 to 1
  package init?(_ color: SIMD3<Float>) {
    let (most, least) = (color.max(), color.min())
    let range = most - least
    let saturation = most > 0 ? range / most : 0
    if most < 0.22 {
      self = .black
      return
    }
    if saturation < 0.14 {
      guard most > 0.85 || most < 0.72 else { return nil }
      self = most > 0.85 ? .white : .gray
      return
    }
    var hue: Float
    if most == color.x {
      hue = (color.y - color.z) / range
    } else if most == color.y {
      hue = (color.z - color.x) / range + 2
    } else {
      hue = (color.x - color.y) / range + 4
    }
    hue = hue < 0 ? 60 * hue + 360 : 60 * hue
    guard saturation > 0.28 else { return nil }
    switch hue {
    case 348..., ..<12: self = most > 0.85 && saturation < 0.5 ? .pink : .red
    case 16..<44: self = most < 0.65 ? .brown : .orange
    case 48..<66 where most > 0.6: self = .yellow
    case 78..<165: self = .green
    case 190..<250: self = .blue
    case 264..<300: self = .purple
    case 306..<348: self = .pink
    default: return nil
    }
  }

  /// The colour that most of a cut-out has.
  ///
  /// - Parameter pixels: RGB times alpha, and alpha
  init?(most pixels: [UInt8], share: Double = 0.6) {
    var counts = [Int](repeating: 0, count: Self.allCases.count)
    var total = 0
    for pixel in stride(from: 0, to: pixels.count, by: 4) where pixels[pixel + 3] >= 128 {
      total += 1
      let alpha = Float(pixels[pixel + 3])
      let color = SIMD3(Float(pixels[pixel]), Float(pixels[pixel + 1]), Float(pixels[pixel + 2])) / alpha
      if let name = ColorName(color) { counts[Int(name.rawValue)] += 1 }
    }
    // A red thing has shades of brown, and a red one in outline black lines; they do not make it another colour.
    guard let best = counts.indices.max(by: { counts[$0] < counts[$1] }),
      Double(counts[best]) >= share * Double(max(1, total))
    else { return nil }
    self.init(rawValue: UInt8(best))
  }
}
