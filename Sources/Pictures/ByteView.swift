/// Bounds-checked integers out of untrusted bytes.
struct ByteView {
  let bytes: [UInt8]
  var littleEndian = false

  /// Something lies beyond the last byte.
  struct Truncated: Error {}

  var count: Int { bytes.count }

  func starts(with prefix: some Sequence<UInt8>, at offset: Int = 0) -> Bool {
    offset <= count && bytes[offset...].starts(with: prefix)
  }

  func byte(_ offset: Int) throws(Truncated) -> Int { try integer(offset, 1) }
  func short(_ offset: Int) throws(Truncated) -> Int { try integer(offset, 2) }
  func long(_ offset: Int) throws(Truncated) -> Int { try integer(offset, 4) }

  func integer(_ offset: Int, _ length: Int) throws(Truncated) -> Int {
    guard offset >= 0, offset <= count - length else { throw Truncated() }
    var value = 0
    for index in 0..<length {
      value = value << 8 | Int(bytes[offset + (littleEndian ? length - 1 - index : index)])
    }
    return value
  }

  /// The bytes of a range as a view of their own.
  func part(_ offset: Int, _ length: Int) throws(Truncated) -> ByteView {
    guard offset >= 0, length >= 0, offset <= count - length else { throw Truncated() }
    return ByteView(bytes: Array(bytes[offset..<offset + length]), littleEndian: littleEndian)
  }
}
