import Foundation

/// A piece of a page. Literals are written as they stand; what is put into them is escaped, unless it is such a piece
/// itself. So there is no way by which a name from a file could become a tag or an attribute:
///
///     let cell: HTML = "<td title=\"\(name)\">\(name)</td>"
///
/// Attributes are always in double quotes, and all elements are closed, so that a page is XML as well.
package struct HTML: ExpressibleByStringInterpolation {
  package private(set) var text: String

  package init(stringLiteral text: String) { self.text = text }
  package init(stringInterpolation: StringInterpolation) { text = stringInterpolation.text }
  private init(text: String) { self.text = text }

  package struct StringInterpolation: StringInterpolationProtocol {
    fileprivate var text = ""

    package init(literalCapacity: Int, interpolationCount: Int) { text.reserveCapacity(2 * literalCapacity) }

    package mutating func appendLiteral(_ literal: String) { text += literal }
    package mutating func appendInterpolation(_ piece: HTML) { text += piece.text }
    package mutating func appendInterpolation(_ pieces: [HTML]) { for piece in pieces { text += piece.text } }
    package mutating func appendInterpolation(_ number: Int) { text += String(number) }
    package mutating func appendInterpolation(_ string: String) { text += HTML.escaped(string) }
  }

  package static func + (one: HTML, other: HTML) -> HTML { HTML(text: one.text + other.text) }
  package static func += (one: inout HTML, other: HTML) { one.text += other.text }

  /// Bytes of a file within an attribute.
  package static func dataURI(_ data: Data, type: StaticString) -> HTML {
    HTML(text: "data:\(type);base64,\(data.base64EncodedString())")
  }

  private static func escaped(_ string: String) -> String {
    var result = ""
    result.reserveCapacity(string.utf8.count)
    for scalar in string.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      case _ where isUnwritable(scalar): result += "\u{FFFD}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// Whether XML does not allow it, or it would turn around the writing of what follows.
  private static func isUnwritable(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x09, 0x0A: false
    case 0...0x1F, 0x7F...0x9F, 0x202A...0x202E, 0x2066...0x2069: true
    // Such as U+FFFE: reserved on every plane.
    case let value: value & 0xFFFE == 0xFFFE
    }
  }
}
