/// Members of a JSON object, by their types. Members that are null count as absent.
struct JSONObject: Sendable {
  /// Few, so that looking through them is faster than hashing.
  var members: [(name: String, value: JSONValue)] = []

  subscript(name: String) -> JSONValue? {
    guard let value = members.last(where: { $0.name == name })?.value else { return nil }
    if case .null = value { return nil }
    return value
  }

  func required(_ name: String) throws(Fault) -> JSONValue {
    guard let value = self[name] else { throw Fault("there is no '\(name)'") }
    return value
  }

  func string(_ name: String) throws(Fault) -> String {
    guard case .string(let text) = try required(name) else { throw Fault("'\(name)' is not a string") }
    return text
  }

  func integer(_ name: String) throws(Fault) -> Int { try required(name).integer(name) }

  func number(_ name: String) throws(Fault) -> Double {
    guard let number = try required(name).number, number.isFinite else {
      throw Fault("'\(name)' is not a finite number")
    }
    return number
  }

  /// A number or a string, as text.
  func identifier(_ name: String) throws(Fault) -> String {
    switch try required(name) {
    case .string(let text): return text
    case let value: return String(try value.integer(name))
    }
  }

  func array(_ name: String) throws(Fault) -> [JSONValue] {
    guard case .array(let values) = try required(name) else { throw Fault("'\(name)' is not a list") }
    return values
  }

  func object(_ name: String) throws(Fault) -> JSONObject {
    guard case .object(let object) = try required(name) else { throw Fault("'\(name)' is not an object") }
    return object
  }

  func numbers(_ name: String) throws(Fault) -> [Double] {
    guard let numbers = try array(name).numbers else { throw Fault("'\(name)' is not a list of numbers") }
    return numbers
  }

  func integers(_ name: String) throws(Fault) -> [Int] {
    var integers: [Int] = []
    for value in try array(name) { integers.append(try value.integer(name)) }
    return integers
  }

  /// Pairs of begin and end.
  func spans(_ name: String, count: Int) throws(Fault) -> [Range<Int>] {
    try required(name).spans(name, count: count)
  }

  /// A picture's size; nil where neither side is given. Some converters write numbers as strings.
  func size(width: String, height: String) throws(Fault) -> Record.Size? {
    guard self[width] != nil || self[height] != nil else { return nil }
    return Record.Size(width: try side(width), height: try side(height))
  }

  private func side(_ name: String) throws(Fault) -> Int {
    let value = try required(name)
    let side = if case .string(let text) = value { Int(text) } else { try value.integer(name) }
    guard let side, 1...1_000_000 ~= side else { throw Fault("'\(name)' is not a number of pixels") }
    return side
  }
}

extension JSONValue {
  var number: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }

  func integer(_ name: String) throws(Fault) -> Int {
    switch self {
    case .integer(let value): return value
    case .number(let value):
      guard let whole = Int(exactly: value) else { throw Fault("'\(name)' is not a whole number") }
      return whole
    default: throw Fault("'\(name)' is not a whole number")
    }
  }

  func spans(_ name: String, count: Int) throws(Fault) -> [Range<Int>] {
    guard case .array(let values) = self else { throw Fault("'\(name)' is not a list of spans") }
    var pairs: [[Int]] = []
    for value in values {
      guard case .array(let ends) = value else { throw Fault("'\(name)' is not a list of spans") }
      var pair: [Int] = []
      for end in ends { pair.append(try end.integer(name)) }
      pairs.append(pair)
    }
    return try CaptionSpans.checked(pairs, count: count)
  }
}

extension [JSONValue] {
  /// Nil where one is no number.
  var numbers: [Double]? {
    let numbers = compactMap(\.number)
    return numbers.count == count ? numbers : nil
  }
}
