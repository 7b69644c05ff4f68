import Foundation

/// Pieces of JSON, for files that are too large to be held as values.
enum JSONText {
  static func string(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case _ where scalar.value < 0x20: result += String(format: "\\u%04x", scalar.value)
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }

  /// The shortest text that gives the number back; whole ones without a fraction.
  static func number(_ value: Double) -> String {
    if let whole = Int(exactly: value), abs(whole) < 1 << 53 { return String(whole) }
    return "\(value)"
  }

  static func list(_ elements: [String]) -> String { "[" + elements.joined(separator: ", ") + "]" }

  static func numbers(_ values: [Double]) -> String { list(values.map(number)) }

  static func spans(_ spans: [Range<Int>]) -> String {
    list(spans.map { "[\($0.lowerBound), \($0.upperBound)]" })
  }

  /// - Parameter members: names and the text of values; those without a value are left out.
  static func object(_ members: [(String, String?)]) -> String {
    "{" + members.compactMap { name, value in value.map { "\(string(name)): \($0)" } }.joined(separator: ", ")
      + "}"
  }

  /// A whole number as it is, other text in quotes.
  static func identifier(_ id: String) -> String { Int(id).map { String($0) } == id ? id : string(id) }
}

extension CornerBox {
  /// x, y, width, height.
  var xywh: [Double] { [x0, y0, width, height] }
  var corners: [Double] { [x0, y0, x1, y1] }
}
