import Foundation

/// Reads event files by the rules of TFRecord and of protocol buffers' wire format, without the code that wrote them.
struct EventReader {
  /// A message as its fields' numbers and contents.
  struct Message {
    enum Value: Equatable {
      case number(UInt64)
      case bytes([UInt8])
    }
    var fields: [(number: Int, value: Value)] = []

    init(_ data: [UInt8]) throws {
      var rest = data[...]
      while !rest.isEmpty {
        let key = try Self.varint(&rest)
        switch key & 7 {
        case 0: fields.append((Int(key >> 3), .number(try Self.varint(&rest))))
        case 1: fields.append((Int(key >> 3), .number(try Self.fixed(8, &rest))))
        case 5: fields.append((Int(key >> 3), .number(try Self.fixed(4, &rest))))
        case 2:
          let count = Int(try Self.varint(&rest))
          guard count <= rest.count else { throw Broken() }
          fields.append((Int(key >> 3), .bytes(Array(rest.prefix(count)))))
          rest = rest.dropFirst(count)
        default: throw Broken()
        }
      }
    }

    func number(_ field: Int) -> UInt64? {
      for case (field, .number(let value)) in fields { return value }
      return nil
    }

    func all(_ field: Int) -> [[UInt8]] {
      fields.compactMap { number, value in
        guard number == field, case .bytes(let bytes) = value else { return nil }
        return bytes
      }
    }

    func string(_ field: Int) -> String? { all(field).first.map { String(decoding: $0, as: UTF8.self) } }

    func message(_ field: Int) throws -> Message? { try all(field).first.map(Message.init) }

    private static func varint(_ rest: inout ArraySlice<UInt8>) throws -> UInt64 {
      var value: UInt64 = 0
      for shift in stride(from: 0, to: 64, by: 7) {
        guard let byte = rest.popFirst() else { throw Broken() }
        value |= UInt64(byte & 127) << shift
        if byte < 128 { return value }
      }
      throw Broken()
    }

    private static func fixed(_ count: Int, _ rest: inout ArraySlice<UInt8>) throws -> UInt64 {
      guard rest.count >= count else { throw Broken() }
      defer { rest = rest.dropFirst(count) }
      return rest.prefix(count).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
  }

  struct Broken: Error {}

  /// The whole records of a file, their checksums held against a bitwise computation.
  static func events(of url: URL) throws -> [Message] {
    var rest = try [UInt8](Data(contentsOf: url))[...]
    var events: [Message] = []
    func number(_ bytes: ArraySlice<UInt8>) -> Int { bytes.reversed().reduce(0) { $0 << 8 | Int($1) } }
    while rest.count >= 12 {
      let length = rest.prefix(8)
      guard number(rest.dropFirst(8).prefix(4)) == checksum(length) else { throw Broken() }
      guard rest.count >= 16 + number(length) else { break }
      let record = rest.dropFirst(12).prefix(number(length))
      rest = rest.dropFirst(12 + record.count)
      guard number(rest.prefix(4)) == checksum(record) else { throw Broken() }
      rest = rest.dropFirst(4)
      events.append(try Message(Array(record)))
    }
    return events
  }

  private static func checksum(_ bytes: ArraySlice<UInt8>) -> Int {
    var value: UInt32 = ~0
    for byte in bytes {
      value ^= UInt32(byte)
      for _ in 0..<8 { value = value & 1 == 0 ? value >> 1 : value >> 1 ^ 0x82f6_3b78 }
    }
    value = ~value
    return Int((value >> 15 | value << 17) &+ 0xa282_ead8)
  }
}
