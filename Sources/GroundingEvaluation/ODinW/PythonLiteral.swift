/// A value as Python source code writes it: what the authors' configuration files hold in strings.
indirect enum PythonLiteral: Sendable, Hashable {
  case none
  case boolean(Bool)
  case number(Double)
  case string(String)
  /// A list or tuple.
  case list([PythonLiteral])
  /// Of a key that occurs twice the last value counts.
  case dictionary([String: PythonLiteral])

  /// - Throws: `Failure` for text that is nothing of these, or more than one.
  init(_ text: String) throws(Failure) {
    var reader = PythonLiteralReader(text)
    self = try reader.value()
    try reader.expectEnd()
  }

  struct Failure: Error {
    /// Without a full stop.
    let reason: String
    /// From 1, in characters.
    let position: Int
  }

  var string: String? {
    guard case .string(let text) = self else { return nil }
    return text
  }

  var integer: Int? {
    guard case .number(let value) = self else { return nil }
    return Int(exactly: value)
  }

  var list: [PythonLiteral]? {
    guard case .list(let elements) = self else { return nil }
    return elements
  }

  subscript(key: String) -> PythonLiteral? {
    guard case .dictionary(let members) = self else { return nil }
    return members[key]
  }
}

private struct PythonLiteralReader {
  private let text: [Unicode.Scalar]
  private var position = 0
  private var depth = 0

  /// No task's settings are as deep by far.
  private static let deepest = 32

  init(_ text: String) { self.text = Array(text.unicodeScalars) }

  mutating func value() throws(PythonLiteral.Failure) -> PythonLiteral {
    skipSpaces()
    switch peek {
    case "[": return .list(try elements(until: "]").values)
    case "(":
      // (a) is a, and (a,) a tuple.
      let (values, hasComma) = try elements(until: ")")
      return values.count == 1 && !hasComma ? values[0] : .list(values)
    case "{": return .dictionary(try members())
    case "\"", "'": return .string(try string())
    case let scalar? where scalar.properties.isAlphabetic: return try word()
    default: return .number(try number())
    }
  }

  mutating func expectEnd() throws(PythonLiteral.Failure) {
    skipSpaces()
    guard position == text.count else { throw failure("something follows the value") }
  }

  private mutating func elements(
    until end: Unicode.Scalar
  ) throws(PythonLiteral.Failure) -> (values: [PythonLiteral], hasComma: Bool) {
    try enter()
    var values: [PythonLiteral] = []
    var hasComma = false
    while try !isAt(end, after: !values.isEmpty && !hasComma) {
      values.append(try value())
      hasComma = take(",")
    }
    depth -= 1
    return (values, hasComma)
  }

  private mutating func members() throws(PythonLiteral.Failure) -> [String: PythonLiteral] {
    try enter()
    var members: [String: PythonLiteral] = [:]
    var needsComma = false
    while try !isAt("}", after: needsComma) {
      guard peek == "\"" || peek == "'" else { throw failure("a name in quotes expected") }
      let name = try string()
      guard take(":") else { throw failure("':' expected") }
      members[name] = try value()
      needsComma = !take(",")
    }
    depth -= 1
    return members
  }

  /// Passes an opening bracket.
  private mutating func enter() throws(PythonLiteral.Failure) {
    position += 1
    depth += 1
    guard depth <= Self.deepest else { throw failure("it is nested too deeply") }
  }

  /// Passes the closing bracket if it comes next.
  private mutating func isAt(
    _ end: Unicode.Scalar, after isElement: Bool
  ) throws(PythonLiteral.Failure) -> Bool {
    if take(end) { return true }
    guard !isElement, peek != nil else { throw failure("',' or '\(end)' expected") }
    return false
  }

  private mutating func string() throws(PythonLiteral.Failure) -> String {
    let quote = peek
    position += 1
    var result = String.UnicodeScalarView()
    while let scalar = peek, scalar != quote {
      position += 1
      result.append(scalar == "\\" ? try escaped() : scalar)
    }
    guard peek == quote else { throw failure("a text has no closing quote") }
    position += 1
    return String(result)
  }

  private mutating func escaped() throws(PythonLiteral.Failure) -> Unicode.Scalar {
    guard let scalar = peek else { throw failure("a text has no closing quote") }
    let lengths: [Unicode.Scalar: Int] = ["x": 2, "u": 4, "U": 8]
    guard let digits = lengths[scalar] else {
      let plain: [Unicode.Scalar: Unicode.Scalar] = [
        "\\": "\\", "\"": "\"", "'": "'", "/": "/", "n": "\n", "t": "\t", "r": "\r",
      ]
      guard let meant = plain[scalar] else { throw failure("'\\\(scalar)' stands for no character") }
      position += 1
      return meant
    }
    let code = String(String.UnicodeScalarView(text[(position + 1)...].prefix(digits)))
    guard code.count == digits, let value = UInt32(code, radix: 16), let meant = Unicode.Scalar(value) else {
      throw failure("'\\\(scalar)\(code)' stands for no character")
    }
    position += 1 + digits
    return meant
  }

  private mutating func word() throws(PythonLiteral.Failure) -> PythonLiteral {
    let start = position
    while let scalar = peek, scalar.properties.isAlphabetic { position += 1 }
    switch String(String.UnicodeScalarView(text[start..<position])) {
    case "None", "null": return .none
    case "True", "true": return .boolean(true)
    case "False", "false": return .boolean(false)
    case let word:
      position = start
      throw failure("'\(word)' is no value")
    }
  }

  private mutating func number() throws(PythonLiteral.Failure) -> Double {
    let start = position
    while let scalar = peek, "+-.eE0123456789".unicodeScalars.contains(scalar) { position += 1 }
    guard let value = Double(String(String.UnicodeScalarView(text[start..<position]))) else {
      position = start
      throw failure(peek == nil ? "it ends early" : "a value expected")
    }
    return value
  }

  private var peek: Unicode.Scalar? { position < text.count ? text[position] : nil }

  /// Passes a character, and spaces around it, if it comes next.
  private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
    skipSpaces()
    guard peek == scalar else { return false }
    position += 1
    skipSpaces()
    return true
  }

  private mutating func skipSpaces() {
    while let scalar = peek, scalar.properties.isWhitespace { position += 1 }
  }

  private func failure(_ reason: String) -> PythonLiteral.Failure {
    PythonLiteral.Failure(reason: reason, position: position + 1)
  }
}
