import Foundation

/// A value of a JSON file.
enum JSONValue: Sendable {
  case null
  case boolean(Bool)
  case integer(Int)
  /// Not finite where the file says NaN or Infinity, as Python writes them, or a number beyond Double's range.
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object(JSONObject)

  /// A value that is all of these bytes.
  init(_ text: UnsafeRawBufferPointer) throws(Fault) {
    guard text.contains(where: { $0 > 0x20 }) else { throw Fault("it is empty") }
    do {
      var scanner = JSONScanner(text)
      self = try scanner.value()
      try scanner.expectEnd()
    } catch { throw Fault(error.reasonWithByte) }
  }
}

extension JSONScanner {
  /// Reads an object.
  ///
  /// - Parameter names: of the members that are wanted, of this object only; nil for all.
  mutating func object(keeping names: [StaticString]? = nil, depth: Int = 0) throws(Fault) -> JSONObject {
    var object = JSONObject()
    try members { scanner, name throws(Fault) in
      if let names, !names.contains(where: { scanner.isName(name, $0) }) {
        try scanner.skipValue()
      } else {
        object.members.append((try scanner.text(name), try scanner.value(depth: depth + 1)))
      }
    }
    return object
  }

  mutating func value(depth: Int = 0) throws(Fault) -> JSONValue {
    guard depth <= Self.maximumDepth else { throw fault(Self.tooDeep) }
    switch try peek() {
    case UInt8(ascii: "{"): return .object(try object(depth: depth))
    case UInt8(ascii: "["):
      var values: [JSONValue] = []
      try elements { scanner throws(Fault) in values.append(try scanner.value(depth: depth + 1)) }
      return .array(values)
    case UInt8(ascii: "\""): return .string(try text(skipString()))
    default: return try scalar()
    }
  }

  private mutating func text(_ content: Range<Int>) throws(Fault) -> String {
    let buffer = UnsafeBufferPointer(start: bytes + content.lowerBound, count: content.count)
    for byte in buffer where byte < 0x20 {
      throw Fault("a control character in a string", byte: content.lowerBound)
    }
    if buffer.contains(UInt8(ascii: "\\")) {
      let literal = Data([UInt8(ascii: "\"")] + buffer + [UInt8(ascii: "\"")])
      guard let text = try? JSONDecoder().decode(String.self, from: literal) else {
        throw Fault("a string with an unknown escape", byte: content.lowerBound)
      }
      return text
    }
    guard let text = String(validating: buffer, as: UTF8.self) else {
      throw Fault("a string that is not UTF-8", byte: content.lowerBound)
    }
    return text
  }

  private mutating func scalar() throws(Fault) -> JSONValue {
    for (word, value) in Self.words where starts(with: word) {
      position += word.utf8CodeUnitCount
      return value
    }
    return try number()
  }

  private static let words: [(StaticString, JSONValue)] = [
    ("true", .boolean(true)), ("false", .boolean(false)), ("null", .null), ("NaN", .number(.nan)),
    ("Infinity", .number(.infinity)), ("-Infinity", .number(-.infinity)),
  ]

  private func starts(with word: StaticString) -> Bool {
    position + word.utf8CodeUnitCount <= count
      && isName(position..<(position + word.utf8CodeUnitCount), word)
  }

  private mutating func digits() throws(Fault) -> Range<Int> {
    let start = position
    while position < count, 0x30...0x39 ~= bytes[position] { position += 1 }
    guard position > start else { throw position == count ? endsEarly : fault("a value expected") }
    return start..<position
  }

  private mutating func number() throws(Fault) -> JSONValue {
    let start = position
    let isNegative = bytes[position] == UInt8(ascii: "-")
    if isNegative { position += 1 }
    let whole = try digits()
    guard whole.count == 1 || bytes[whole.lowerBound] != UInt8(ascii: "0") else {
      throw Fault("a number that begins with 0", byte: start)
    }
    var fraction = position..<position
    if position < count, bytes[position] == UInt8(ascii: ".") {
      position += 1
      fraction = try digits()
    }
    var hasExponent = false
    if position < count, bytes[position] | 0x20 == UInt8(ascii: "e") {
      hasExponent = true
      position += 1
      if position < count, [UInt8(ascii: "+"), UInt8(ascii: "-")].contains(bytes[position]) { position += 1 }
      _ = try digits()
    }
    let sign = isNegative ? -1 : 1
    if !hasExponent, fraction.isEmpty, whole.count <= 18 { return .integer(sign * integer(whole)) }
    // Both are exact as Double, hence their quotient is the nearest one.
    if !hasExponent, !fraction.isEmpty, whole.count + fraction.count <= 15 {
      let scale = Self.powers[fraction.count]
      return .number(Double(sign) * (Double(integer(whole)) * scale + Double(integer(fraction))) / scale)
    }
    let text = String(
      decoding: UnsafeBufferPointer(start: bytes + start, count: position - start), as: UTF8.self)
    return .number(Double(text) ?? .infinity)
  }

  private func integer(_ digits: Range<Int>) -> Int {
    digits.reduce(0) { 10 * $0 + Int(bytes[$1]) - 0x30 }
  }

  private static let powers: [Double] = (0..<16).map { pow(10, Double($0)) }
}
