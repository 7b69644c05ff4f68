/// Decimal texts as the nearest `Double`.
enum DecimalNumber {
  /// `nil` where the text is no number. Python's `NaN`, `Infinity` and `-Infinity` are some.
  static func value(of text: UnsafeBufferPointer<UInt8>) -> Double? {
    var position = 0
    let isNegative = text.first == UInt8(ascii: "-")
    if isNegative { position += 1 }
    // Up to 19 digits without an exponent, which nearly all are, need no long arithmetic.
    var digits: UInt64 = 0
    var digitCount = 0
    var decimals = 0
    var isFraction = false
    while position < text.count {
      let byte = text[position]
      if byte == UInt8(ascii: "."), !isFraction, digitCount > 0 {
        isFraction = true
      } else if case let digit = byte &- UInt8(ascii: "0"), digit <= 9, digitCount < 19 {
        digits = digits &* 10 &+ UInt64(digit)
        digitCount += 1
        if isFraction { decimals += 1 }
      } else {
        return uncommonValue(of: text)
      }
      position += 1
    }
    guard digitCount > 0, decimals > 0 || !isFraction else { return nil }
    let value = quotient(of: digits, and: powersOfTen[decimals])
    return isNegative ? -value : value
  }

  private static let powersOfTen: [UInt64] = (0..<19).reduce(into: [1]) { powers, _ in
    powers.append(powers.last.map { $0 * 10 } ?? 1)
  }

  /// The nearest `Double`, ties to even. The divisor must not be 0.
  private static func quotient(of dividend: UInt64, and divisor: UInt64) -> Double {
    // Both exact: one division rounds once.
    if dividend <= 1 << 53 && divisor <= 1 << 53 { return Double(dividend) / Double(divisor) }
    // 64 bits of the quotient, from which the 53 of a Double are rounded; both operands begin with a 1.
    let (dividendShift, divisorShift) = (dividend.leadingZeroBitCount, divisor.leadingZeroBitCount)
    let (upper, lower) = (dividend << dividendShift, divisor << divisorShift)
    let isLarge = upper >= lower
    let (bits, remainder) = lower.dividingFullWidth(
      isLarge ? (upper >> 1, (upper & 1) << 63) : (upper, 0))
    // A bit below all others stands for the remainder, so that a tie is one only without it.
    let rounded = Double(remainder == 0 ? bits : bits | 1)
    let exponent = divisorShift - dividendShift - 64 + (isLarge ? 1 : 0)
    return Double(sign: .plus, exponent: exponent, significand: rounded)
  }

  private static func uncommonValue(of text: UnsafeBufferPointer<UInt8>) -> Double? {
    let string = String(decoding: text.prefix(400), as: UTF8.self)
    switch string {
    case "NaN": return .nan
    case "Infinity": return .infinity
    case "-Infinity": return -.infinity
    default:
      // Swift's initializer takes hexadecimal numbers and words, too.
      let isDecimal = text.count <= 400 && string.utf8.allSatisfy { "0123456789+-.eE".utf8.contains($0) }
      return isDecimal ? Double(string) : nil
    }
  }
}
