import Foundation

/// A colour of lines and plates.
package struct AnnotationColor {
  /// Red, green and blue from 0 to 1, as displayed (sRGB).
  package let rgb: SIMD3<Double>

  /// The colour of an index: hues a golden angle apart never come back and neighbours stay far apart; three
  /// lightnesses tell hues apart that have come close.
  package init(index: Int) {
    let hue = (0.5 + Double(index) * 137.507764).truncatingRemainder(dividingBy: 360) * .pi / 180
    let tier = ((index % 3) + 3) % 3
    self.init(lightness: [0.66, 0.82, 0.52][tier], chroma: [0.21, 0.17, 0.19][tier], hue: hue)
  }

  /// A colour of Oklab (Björn Ottosson, "A perceptual color space for image processing", 2020) in polar form.
  private init(lightness: Double, chroma: Double, hue: Double) {
    let (a, b) = (chroma * cos(hue), chroma * sin(hue))
    let l = pow(lightness + 0.3963377774 * a + 0.2158037573 * b, 3)
    let m = pow(lightness - 0.1055613458 * a - 0.0638541728 * b, 3)
    let s = pow(lightness - 0.0894841775 * a - 1.2914855480 * b, 3)
    let linear = [
      4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
      -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
      -0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s,
    ].map { min(max($0, 0), 1) }
    let display = linear.map { $0 <= 0.0031308 ? 12.92 * $0 : 1.055 * pow($0, 1 / 2.4) - 0.055 }
    rgb = SIMD3(display[0], display[1], display[2])
  }

  /// Relative luminance (WCAG 2.1).
  var luminance: Double {
    func linear(_ value: Double) -> Double {
      value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4)
    }
    return 0.2126 * linear(rgb[0]) + 0.7152 * linear(rgb[1]) + 0.0722 * linear(rgb[2])
  }

  /// Black or white, whichever contrasts more: their contrasts are equal at sqrt(1.05 * 0.05) - 0.05.
  var text: SIMD3<Double> { SIMD3(repeating: luminance > 0.179 ? 0 : 1) }
}
