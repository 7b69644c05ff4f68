import Checkpoints
import Foundation
import Pictures
import Synchronization

/// Pictures in one file, decoded, that is mapped into memory: the system keeps what is in use, for all processes once.
///
/// The file: their bytes one after the other, then 16 bytes for each (offset, width, height, channels, colour), then
/// their number and `magic`. All numbers are little endian.
package final class PixelStore: Sendable {
  /// A picture to be stored.
  package struct Content: Sendable {
    var width, height, channels: Int
    var color: ColorName?
    var pixels: [UInt8]

    package init(_ cutout: Cutout) {
      (width, height, channels, pixels) = (cutout.width, cutout.height, 4, cutout.pixels)
      color = ColorName(most: cutout.pixels)
    }

    package init(_ picture: Picture) {
      (width, height, channels, pixels) = (picture.width, picture.height, 3, picture.pixels)
    }
  }

  /// Names a file by what is in it (FNV-1a).
  struct Key: CustomStringConvertible {
    private var hash: UInt64 = 0xCBF2_9CE4_8422_2325

    mutating func add(_ text: String) {
      for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0100_0000_01B3 }
    }

    var description: String {
      let digits = String(hash, radix: 16)
      return String(repeating: "0", count: 16 - digits.count) + digits
    }
  }

  private static let magic: UInt64 = 0x3153_4C45_5849_5047
  private static let (entrySize, endSize) = (16, 16)
  private static let noColor: UInt8 = 255

  private let file: MappedFile
  private let rasters: [Raster?]

  /// - Parameter count: of pictures that there must be
  /// - Throws: `DatasetError` where it is not such a file.
  package init(_ url: URL, count: Int) throws(DatasetError) {
    do { file = try MappedFile(url) } catch { throw DatasetError(file: url, "it cannot be read") }
    let broken = DatasetError(file: url, "it is damaged; remove it, and it is made again")
    let index = count * Self.entrySize
    guard file.count >= index + Self.endSize else { throw broken }
    let end = file.bytes(in: file.count - Self.endSize..<file.count)
    guard UInt64(littleEndian: end.loadUnaligned(as: UInt64.self)) == UInt64(count),
      UInt64(littleEndian: end.loadUnaligned(fromByteOffset: 8, as: UInt64.self)) == Self.magic
    else { throw broken }
    let limit = file.count - Self.endSize - index
    let entries = file.bytes(in: limit..<limit + index)
    var rasters: [Raster?] = []
    for entry in 0..<count {
      let start = entry * Self.entrySize
      let offset = UInt64(littleEndian: entries.loadUnaligned(fromByteOffset: start, as: UInt64.self))
      let width = Int(UInt16(littleEndian: entries.loadUnaligned(fromByteOffset: start + 8, as: UInt16.self)))
      let height = Int(
        UInt16(littleEndian: entries.loadUnaligned(fromByteOffset: start + 10, as: UInt16.self)))
      let channels = Int(entries[start + 12])
      guard width > 0, height > 0 else {
        rasters.append(nil)
        continue
      }
      let length = width * height * channels
      guard channels == 3 || channels == 4, offset <= UInt64(limit), length <= limit - Int(offset) else {
        throw broken
      }
      rasters.append(
        Raster(
          width: width, height: height, channels: channels, color: ColorName(rawValue: entries[start + 13]),
          bytes: file.bytes(in: Int(offset)..<Int(offset) + length), owner: file))
    }
    self.rasters = rasters
  }

  /// Nil for one that could not be drawn.
  package subscript(index: Int) -> Raster? { rasters[index] }

  /// Writes a file, with pictures that are made on all processors.
  ///
  /// - Parameter make: one of the pictures; nil if there is nothing to be seen on it
  package static func write(
    to url: URL, count: Int, _ make: @Sendable (Int) throws(DatasetError) -> Content?
  ) throws(DatasetError) {
    do {
      let file = try ReplacementFile(for: url)
      var (offset, index) = (0, [UInt8]())
      for start in stride(from: 0, to: count, by: chunk) {
        let made = Mutex([Int: Result<Content?, DatasetError>]())
        DispatchQueue.concurrentPerform(iterations: min(chunk, count - start)) { position in
          let result = Result { () throws(DatasetError) in try make(start + position) }
          made.withLock { $0[position] = result }
        }
        let all = made.withLock { $0 }
        for position in 0..<min(chunk, count - start) {
          let content = try all[position]?.get()
          index += littleEndian(UInt64(offset))
          index += littleEndian(UInt16(content?.width ?? 0)) + littleEndian(UInt16(content?.height ?? 0))
          index += [UInt8(content?.channels ?? 0), content?.color?.rawValue ?? noColor, 0, 0]
          guard let content else { continue }
          try content.pixels.withUnsafeBytes { try file.write($0) }
          offset += content.pixels.count
        }
      }
      index += littleEndian(UInt64(count)) + littleEndian(magic)
      try index.withUnsafeBytes { try file.write($0) }
      try file.commit()
    } catch let error as DatasetError {
      throw error
    } catch { throw DatasetError(file: url, "it cannot be written (\(error))") }
  }

  /// Pictures held in memory until they are written.
  private static let chunk = 64

  private static func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian, Array.init)
  }
}

/// A stored picture.
package struct Raster: @unchecked Sendable {  // The memory is never written.
  package let width, height: Int
  /// 3 for RGB, 4 for RGB times alpha and alpha.
  let channels: Int
  /// What most of it is.
  let color: ColorName?
  package let bytes: UnsafeRawBufferPointer
  /// Holds the memory.
  let owner: MappedFile
}
