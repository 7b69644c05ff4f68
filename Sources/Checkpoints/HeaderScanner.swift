import Foundation

/// A strict reader of the JSON in safetensors headers: objects, strings and arrays of counts.
///
/// Foundation's decoders keep neither the order of an object's members nor notice that one comes twice.
struct HeaderScanner {
  let file: MappedFile
  let bytes: UnsafeRawBufferPointer
  private var position = 0

  init(file: MappedFile, bytes: UnsafeRawBufferPointer) {
    self.file = file
    self.bytes = bytes
  }

  func failure(_ reason: String) -> CheckpointError {
    file.failure(.malformed, "the header is not valid at its byte \(position): \(reason)")
  }

  /// Reads an object, calling `member` with each name, after which the scanner stands at the value.
  mutating func object(_ member: (inout HeaderScanner, String) throws -> Void) throws {
    try expect("{")
    if accept("}") { return }
    repeat {
      let name = try string()
      try expect(":")
      try member(&self, name)
    } while accept(",")
    try expect("}")
  }

  /// Reads an array of whole numbers, none of them negative.
  mutating func counts() throws -> [Int] {
    var values: [Int] = []
    try expect("[")
    if accept("]") { return values }
    repeat { values.append(try count()) } while accept(",")
    try expect("]")
    return values
  }

  mutating func string() throws -> String {
    try expect("\"")
    let start = position
    var isEscaped = false
    while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
      guard bytes[position] >= 0x20 else { throw failure("a control character in a string") }
      if bytes[position] == UInt8(ascii: "\\") {
        isEscaped = true
        position += 1
      }
      position += 1
    }
    guard position < bytes.count else { throw failure("a string without an end") }
    let content = bytes[start..<position]
    position += 1
    if isEscaped {
      let literal = Data([UInt8(ascii: "\"")] + content + [UInt8(ascii: "\"")])
      guard let text = try? JSONDecoder().decode(String.self, from: literal) else {
        throw failure("a string with an unknown escape")
      }
      return text
    }
    guard let text = String(validating: content, as: UTF8.self) else {
      throw failure("a string that is not UTF-8")
    }
    return text
  }

  /// Only spaces may follow the header's object.
  mutating func expectEnd() throws {
    skipSpace()
    guard position == bytes.count else { throw failure("something follows the object") }
  }

  private mutating func count() throws -> Int {
    skipSpace()
    let start = position
    var value = 0
    while position < bytes.count, case let digit = Int(bytes[position]) - 0x30, 0...9 ~= digit {
      let (tens, tooLarge) = value.multipliedReportingOverflow(by: 10)
      let (sum, overflow) = tens.addingReportingOverflow(digit)
      guard !tooLarge, !overflow else { throw failure("a number that is too large") }
      value = sum
      position += 1
    }
    let isPadded = bytes[start..<position].first == UInt8(ascii: "0") && position > start + 1
    let next = position < bytes.count ? bytes[position] : 0
    guard position > start, !isPadded, !".eE".utf8.contains(next) else {
      throw failure("a size or offset must be a whole number that is not negative")
    }
    return value
  }

  private mutating func skipSpace() {
    while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) { position += 1 }
  }

  private mutating func accept(_ character: Unicode.Scalar) -> Bool {
    skipSpace()
    guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func expect(_ character: Unicode.Scalar) throws {
    guard accept(character) else { throw failure("'\(character)' expected") }
  }
}
