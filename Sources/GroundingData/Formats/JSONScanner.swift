/// Walks over JSON in memory; values that are not wanted are stepped over at about a gigabyte a second.
///
/// What is stepped over is only looked at as far as brackets and strings go; what is read is checked to the letter.
/// The bytes must outlive the scanner.
struct JSONScanner {
  let bytes: UnsafePointer<UInt8>
  let count: Int
  var position: Int

  /// More than any annotation has; keeps the stack of brackets in one word, and hostile files from using up memory.
  static let maximumDepth = 64

  init(_ buffer: UnsafeRawBufferPointer, at position: Int = 0) {
    precondition(!buffer.isEmpty, "an empty file is refused before it is scanned")
    bytes = buffer.baseAddress!.assumingMemoryBound(to: UInt8.self)
    count = buffer.count
    self.position = position
  }

  var endsEarly: Fault { Fault("it ends early", byte: count) }

  func fault(_ reason: String) -> Fault { Fault(reason, byte: position) }

  // MARK: Single characters

  mutating func skipSpace() {
    while position < count {
      switch bytes[position] {
      case 0x20, 0x0A, 0x0D, 0x09: position += 1
      default: return
      }
    }
  }

  /// The next character that is not a space; the scanner then stands at it.
  mutating func peek() throws(Fault) -> UInt8 {
    skipSpace()
    guard position < count else { throw endsEarly }
    return bytes[position]
  }

  mutating func accept(_ character: Unicode.Scalar) throws(Fault) -> Bool {
    guard try peek() == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  mutating func expect(_ character: Unicode.Scalar) throws(Fault) {
    guard try accept(character) else { throw fault("'\(character)' expected") }
  }

  /// Only spaces may follow the outermost value.
  mutating func expectEnd() throws(Fault) {
    skipSpace()
    guard position == count else { throw fault("something follows the end") }
  }

  // MARK: Structure

  /// Calls `member` with the place of each name of an object, the scanner standing before the value, which `member`
  /// must read or skip.
  mutating func members(_ member: (inout JSONScanner, Range<Int>) throws(Fault) -> Void) throws(Fault) {
    try expect("{")
    if try accept("}") { return }
    repeat {
      _ = try peek()
      let name = try skipString()
      try expect(":")
      try member(&self, name)
    } while try accept(",")
    try expect("}")
  }

  /// Calls `element` before each element of an array, which it must read or skip.
  mutating func elements(_ element: (inout JSONScanner) throws(Fault) -> Void) throws(Fault) {
    try expect("[")
    if try accept("]") { return }
    repeat { try element(&self) } while try accept(",")
    try expect("]")
  }

  /// Whether a name is this one, which has no character that JSON must escape.
  func isName(_ range: Range<Int>, _ name: StaticString) -> Bool {
    guard range.count == name.utf8CodeUnitCount else { return false }
    for index in 0..<range.count where bytes[range.lowerBound + index] != name.utf8Start[index] {
      return false
    }
    return true
  }

  /// Steps over a string and tells where its content is.
  mutating func skipString() throws(Fault) -> Range<Int> {
    guard position < count, bytes[position] == UInt8(ascii: "\"") else { throw fault("a string expected") }
    let start = position + 1
    let end = try endOfString(from: start)
    position = end + 1
    return start..<end
  }

  /// Where the quotation mark is that ends the string whose content begins here.
  private func endOfString(from start: Int) throws(Fault) -> Int {
    var index = start
    while index < count {
      let byte = bytes[index]
      if byte == UInt8(ascii: "\"") { return index }
      index += byte == UInt8(ascii: "\\") ? 2 : 1
    }
    throw endsEarly
  }

  /// Steps over any value.
  mutating func skipValue() throws(Fault) {
    _ = try peek()
    // A local variable stays in a register.
    var index = position
    defer { position = index }
    var depth = 0
    // A bit for each open bracket: whether it is that of an object.
    var isObject: UInt64 = 0
    repeat {
      guard index < count else { throw endsEarly }
      let byte = bytes[index]
      switch Self.kind(byte) {
      case .quote: index = try endOfString(from: index + 1) + 1
      case .open:
        guard depth < Self.maximumDepth else { throw Fault(Self.tooDeep, byte: index) }
        isObject = isObject << 1 | (byte == UInt8(ascii: "{") ? 1 : 0)
        depth += 1
        index += 1
      case .close where depth > 0:
        guard (byte == UInt8(ascii: "}")) == (isObject & 1 == 1) else {
          throw Fault("a bracket that does not match", byte: index)
        }
        isObject >>= 1
        depth -= 1
        index += 1
      case .separator where depth > 0: index += 1
      case .close, .separator: throw Fault("a value expected", byte: index)
      case .other:
        index += 1
        while index < count, Self.kind(bytes[index]) == .other { index += 1 }
      }
    } while depth > 0
  }

  static let tooDeep = "more than \(maximumDepth) brackets within each other"

  private enum Kind { case other, separator, open, close, quote }

  @inline(__always)
  private static func kind(_ byte: UInt8) -> Kind {
    switch byte {
    case UInt8(ascii: "\""): .quote
    case UInt8(ascii: "{"), UInt8(ascii: "["): .open
    case UInt8(ascii: "}"), UInt8(ascii: "]"): .close
    case UInt8(ascii: ","), UInt8(ascii: ":"), 0x20, 0x0A, 0x0D, 0x09: .separator
    default: .other
    }
  }
}
