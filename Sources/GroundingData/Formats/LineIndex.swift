import Foundation

/// Where the lines of a file are, at 8 bytes a line; empty ones at the end do not count.
struct LineIndex: Sendable {
  let file: AnnotationFile
  private let starts: [Int]

  init(_ file: AnnotationFile) {
    self.file = file
    var starts: [Int] = []
    let bytes = file.bytes
    var start = file.start
    while start < bytes.count {
      starts.append(start)
      start = Self.end(of: start, in: bytes) + 1
    }
    while let last = starts.last, Self.isBlank(bytes[last...]) { starts.removeLast() }
    self.starts = starts
  }

  /// With starts from elsewhere, each of which must be that of a line.
  init(_ file: AnnotationFile, starts: [Int]) { (self.file, self.starts) = (file, starts) }

  var count: Int { starts.count }

  func range(at index: Int) -> Range<Int> {
    starts[index]..<Self.end(of: starts[index], in: file.bytes)
  }

  /// A JSON value that is all of these bytes.
  func json(in range: Range<Int>) throws(Fault) -> JSONValue { try JSONValue(file.mapped.bytes(in: range)) }

  func object(in range: Range<Int>) throws(Fault) -> JSONObject {
    guard case .object(let object) = try json(in: range) else { throw Fault("it is not a JSON object") }
    return object
  }

  private static func isBlank(_ bytes: Slice<UnsafeRawBufferPointer>) -> Bool {
    bytes.allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D || $0 == 0x0A }
  }

  private static func end(of start: Int, in bytes: UnsafeRawBufferPointer) -> Int {
    guard let base = bytes.baseAddress, let end = memchr(base + start, 0x0A, bytes.count - start) else {
      return bytes.count
    }
    return UnsafeRawPointer(end) - base
  }
}
