/// Where the objects are of one of the lists of a file in COCO's form.
struct ObjectList {
  let name: StaticString
  /// The member of its objects by which they are found.
  let keyName: StaticString
  var offsets: [Int] = []
  var keys: [UInt64] = []
  /// Elements that are not in the list.
  var problems: [DatasetError] = []
  private(set) var isFound = false

  /// After so many bytes, the pages that the scanner has passed are given back to the system.
  private static let window = 8 << 20

  init(_ name: StaticString, keyName: StaticString, capacity: Int) {
    (self.name, self.keyName) = (name, keyName)
    // Memory that is never touched costs nothing, whereas growing an array holds it twice.
    offsets.reserveCapacity(capacity)
    keys.reserveCapacity(capacity)
  }

  mutating func scan(_ scanner: inout JSONScanner, of file: AnnotationFile) throws(Fault) {
    guard !isFound else { throw scanner.fault("a second list '\(name)'") }
    isFound = true
    var seen = scanner.position
    var number = 0
    try scanner.elements { scanner throws(Fault) in
      number += 1
      let isObject = try scanner.peek() == UInt8(ascii: "{")
      let offset = scanner.position
      if !isObject {
        try scanner.skipValue()
        problems.append(file.error("element \(number) of '\(name)'", Fault("it is not an object")))
      } else if let key = try scanner.key(of: keyName) {
        offsets.append(offset)
        keys.append(key)
      } else {
        problems.append(
          file.error(
            "element \(number) of '\(name)'",
            Fault("there is no '\(keyName)' that is a whole number or a string")))
      }
      if offset - seen > Self.window {
        file.mapped.forget(file.mapped.bytes(in: seen..<offset))
        seen = offset
      }
    }
  }
}

extension JSONScanner {
  /// Steps over an object and hands out one of its members, by which it can be found: a whole number as it is, a
  /// string as a hash of 63 bits, of which two that are equal do not happen by chance.
  mutating func key(of name: StaticString) throws(Fault) -> UInt64? {
    var key: UInt64?
    try members { scanner, found throws(Fault) in
      guard scanner.isName(found, name) else { return try scanner.skipValue() }
      guard try scanner.peek() == UInt8(ascii: "\"") else {
        if case .integer(let value) = try scanner.value() {
          key = UInt64(bitPattern: Int64(value)) & ~(1 << 63)
        }
        return
      }
      // FNV-1a.
      key = try scanner.skipString().reduce(0xcbf2_9ce4_8422_2325) { hash, index in
        (hash ^ UInt64(scanner.bytes[index])) &* 0x100_0000_01b3
      }
      key? |= 1 << 63
    }
    return key
  }
}
