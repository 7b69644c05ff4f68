import Foundation

/// How TFRecord files hold records: length (8 bytes), its checksum (4), the record, its checksum (4); all little-endian.
package enum RecordFraming {
  package static func framed(_ record: Data) -> Data {
    var framed = Data(capacity: record.count + 16)
    let length = withUnsafeBytes(of: UInt64(record.count).littleEndian) { Data($0) }
    for part in [length, record] {
      framed += part
      withUnsafeBytes(of: maskedChecksum(part).littleEndian) { framed += $0 }
    }
    return framed
  }

  /// A CRC32C, masked lest the checksum of data with checksums in it be weak: rotated and moved by a constant.
  static func maskedChecksum(_ data: Data) -> UInt32 {
    let checksum = crc32c(data)
    return (checksum >> 15 | checksum << 17) &+ 0xa282_ead8
  }

  /// The cyclic redundancy check of Castagnoli's polynomial (RFC 3720, appendix B.4).
  package static func crc32c(_ data: Data) -> UInt32 {
    ~data.reduce(~0 as UInt32) { table[Int(UInt8(truncatingIfNeeded: $0) ^ $1)] ^ $0 >> 8 }
  }

  private static let table: [UInt32] = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte)) { value, _ in
      value & 1 == 1 ? value >> 1 ^ 0x82f6_3b78 : value >> 1
    }
  }
}
