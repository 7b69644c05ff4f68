import Foundation

/// The names and values of a target's query, as HTML forms write them.
enum QueryString {
  static func items(_ query: String) throws(APIError) -> [(name: String, value: Data)] {
    var items: [(name: String, value: Data)] = []
    for pair in query.utf8.split(separator: UInt8(ascii: "&")) {
      let parts = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
      guard let name = decoded(parts[0]).flatMap({ String(validating: $0, as: UTF8.self) }),
        let value = parts.count > 1 ? decoded(parts[1]) : Data()
      else { throw APIError(.malformedRequest, "The query of the address is not well encoded.") }
      items.append((name, value))
    }
    return items
  }

  /// Nil for a broken escape.
  private static func decoded(_ text: Substring.UTF8View) -> Data? {
    var bytes = Data()
    var rest = text
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: "+"): bytes.append(UInt8(ascii: " "))
      case UInt8(ascii: "%"):
        guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit) else {
          return nil
        }
        bytes.append(high << 4 | low)
      default: bytes.append(byte)
      }
    }
    return bytes
  }

  private static func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}
