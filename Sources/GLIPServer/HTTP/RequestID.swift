import Foundation
import HTTPTypes

extension HTTPField.Name {
  static let requestID = HTTPField.Name("X-Request-Id")!
}

/// The name of a request in logs.
enum RequestID {
  /// The client's own if it is a short word, else a new one.
  static func of(_ fields: HTTPFields) -> String {
    if let given = fields[.requestID], (1...64).contains(given.utf8.count),
      given.utf8.allSatisfy(isPlain)
    {
      return given
    }
    return UUID().uuidString.lowercased()
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
      true
    default: false
    }
  }
}
