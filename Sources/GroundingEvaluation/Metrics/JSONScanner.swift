import Foundation

/// Reads JSON value by value, without a tree of it in memory: files of results have a million records and more.
///
/// What is not asked for is skipped, and only looked at as far as that takes.
struct JSONScanner {
  private let bytes: UnsafeBufferPointer<UInt8>
  /// In bytes from the start.
  private(set) var position = 0

  /// What is wrong at which byte.
  struct Failure: Error {
    let reason: String
    let position: Int
  }

  /// - Parameter bytes: must outlive the scanner.
  init(_ bytes: UnsafeBufferPointer<UInt8>) {
    self.bytes = bytes
    // A byte order mark is no JSON, but files have it.
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
  }

  func failure(_ reason: String) -> Failure { Failure(reason: reason, position: position) }

  /// The character that the next value begins with, `nil` at the end.
  mutating func peek() -> UInt8? {
    skipSpace()
    return position < bytes.count ? bytes[position] : nil
  }

  /// Reads an array, calling `element` with the number of each; it must read the element.
  mutating func array(_ element: (inout JSONScanner, Int) throws -> Void) throws {
    try expect("[", "a list")
    if accept("]") { return }
    var index = 0
    repeat {
      try element(&self, index)
      index += 1
    } while accept(",")
    try expect("]", "',' or ']'")
  }

  /// Reads an object, calling `member` with the name of each member; it must read the value.
  mutating func object(_ member: (inout JSONScanner, Name) throws -> Void) throws {
    try expect("{", "an object")
    if accept("}") { return }
    repeat {
      let name = Name(bytes: try rawString())
      try expect(":", "':'")
      try member(&self, name)
    } while accept(",")
    try expect("}", "',' or '}'")
  }

  /// A member's name as it stands in the file. One that is written with escapes is not recognised.
  struct Name {
    fileprivate let bytes: UnsafeBufferPointer<UInt8>

    static func ~= (name: StaticString, found: Name) -> Bool {
      name.utf8CodeUnitCount == found.bytes.count
        && found.bytes.elementsEqual(
          UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
    }

    /// For messages.
    var text: String { String(String(decoding: bytes, as: UTF8.self).prefix(60)) }
  }

  mutating func string() throws -> String {
    let start = position
    let content = try rawString()
    if !content.contains(UInt8(ascii: "\\")) {
      guard let text = String(validating: content, as: UTF8.self) else {
        throw Failure(reason: "text that is not UTF-8", position: start)
      }
      return text
    }
    let literal = Data([UInt8(ascii: "\"")] + content + [UInt8(ascii: "\"")])
    guard let text = try? JSONDecoder().decode(String.self, from: literal) else {
      throw Failure(reason: "text with an unknown escape", position: start)
    }
    return text
  }

  /// Reads any value and leaves it aside.
  mutating func skip() throws {
    var depth = 0
    repeat {
      guard let character = peek() else { throw failure("the file ends within a value") }
      switch character {
      case UInt8(ascii: "\""): _ = try rawString()
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        depth += 1
        position += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        guard depth > 0 else { throw failure("a value expected") }
        depth -= 1
        position += 1
      case UInt8(ascii: ","), UInt8(ascii: ":"):
        guard depth > 0 else { throw failure("a value expected") }
        position += 1
      default:
        let start = position
        while position < bytes.count, !Self.isDelimiter(bytes[position]) { position += 1 }
        guard position > start else { throw failure("a value expected") }
      }
    } while depth > 0
  }

  /// A whole number, which may be written as one with a fraction of 0.
  mutating func integer() throws -> Int {
    let value = try number()
    guard let integer = Int(exactly: value), integer.magnitude <= 1 << 53 else {
      throw failure("a whole number expected, not \(value)")
    }
    return integer
  }

  /// A number; Python's `NaN` and `Infinity` too, so that they can be named in messages.
  mutating func number() throws -> Double {
    skipSpace()
    let start = position
    while position < bytes.count, !Self.isDelimiter(bytes[position]) { position += 1 }
    let text = UnsafeBufferPointer(rebasing: bytes[start..<position])
    guard let value = DecimalNumber.value(of: text) else {
      position = start
      throw failure("a number expected")
    }
    return value
  }

  /// 0 or 1, `false` or `true`.
  mutating func flag() throws -> Bool {
    switch peek() {
    case UInt8(ascii: "t"), UInt8(ascii: "f"):
      let start = position
      try skip()
      if bytes[start..<position].elementsEqual("true".utf8) { return true }
      if bytes[start..<position].elementsEqual("false".utf8) { return false }
      position = start
      throw failure("true or false expected")
    default: return try number() != 0
    }
  }

  /// `[x, y, width, height]`
  mutating func rectangle() throws -> Rectangle {
    let start = position
    var numbers = (0.0, 0.0, 0.0, 0.0)
    var count = 0
    try array { scanner, index in
      let number = try scanner.number()
      switch index {
      case 0: numbers.0 = number
      case 1: numbers.1 = number
      case 2: numbers.2 = number
      default: numbers.3 = number
      }
      count = index + 1
    }
    let rectangle = Rectangle(x: numbers.0, y: numbers.1, width: numbers.2, height: numbers.3)
    guard count == 4 else {
      throw Failure(reason: "a box of 4 numbers expected, not \(count)", position: start)
    }
    guard rectangle.isFinite else {
      throw Failure(reason: "a box with a number that is not finite", position: start)
    }
    return rectangle
  }

  /// Nothing but space may follow.
  mutating func expectEnd() throws {
    guard peek() == nil else { throw failure("something follows the end") }
  }

  /// The content of a string, escapes included.
  private mutating func rawString() throws -> UnsafeBufferPointer<UInt8> {
    try expect("\"", "a text")
    let start = position
    while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
      position += bytes[position] == UInt8(ascii: "\\") ? 2 : 1
    }
    guard position < bytes.count else {
      position = start
      throw failure("a text without an end")
    }
    defer { position += 1 }
    return UnsafeBufferPointer(rebasing: bytes[start..<position])
  }

  private static func isDelimiter(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: ","), UInt8(ascii: "]"), UInt8(ascii: "}"), UInt8(ascii: "["), UInt8(ascii: "{"),
      UInt8(ascii: ":"), UInt8(ascii: "\""), 0x20, 0x09, 0x0A, 0x0D:
      true
    default: false
    }
  }

  private mutating func skipSpace() {
    while position < bytes.count {
      switch bytes[position] {
      case 0x20, 0x09, 0x0A, 0x0D: position += 1
      default: return
      }
    }
  }

  private mutating func accept(_ character: Unicode.Scalar) -> Bool {
    guard peek() == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func expect(_ character: Unicode.Scalar, _ what: String) throws {
    guard accept(character) else { throw failure("\(what) expected") }
  }
}
