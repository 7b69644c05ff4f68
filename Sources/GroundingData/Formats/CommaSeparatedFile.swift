import Foundation

/// Rows of values with commas between them; a value in quotation marks may hold commas, lines and, doubled, quotation
/// marks (RFC 4180). Takes 8 bytes of memory a row.
struct CommaSeparatedFile {
  let file: AnnotationFile
  /// Where rows begin, and where the last one ends.
  private let bounds: [Int]

  init(_ file: AnnotationFile) {
    self.file = file
    var bounds: [Int] = []
    let bytes = file.bytes
    var (start, isQuoted) = (file.start, false)
    for position in file.start..<bytes.count {
      if bytes[position] == UInt8(ascii: "\"") { isQuoted.toggle() }
      guard bytes[position] == 0x0A, !isQuoted else { continue }
      if !Self.isBlank(bytes[start..<position]) { bounds.append(start) }
      start = position + 1
    }
    if start < bytes.count, !Self.isBlank(bytes[start...]) { bounds.append(start) }
    self.bounds = bounds + [bytes.count]
  }

  var count: Int { bounds.count - 1 }

  /// The values of a row.
  func values(of row: Int) throws(Fault) -> [String] {
    var values: [[UInt8]] = [[]]
    var isQuoted = false
    var lastWasQuote = false
    defer { withExtendedLifetime(file.mapped) {} }
    for byte in file.bytes[bounds[row]..<bounds[row + 1]] {
      if byte == UInt8(ascii: "\"") {
        // The second of two within quotation marks.
        if !isQuoted, lastWasQuote { values[values.count - 1].append(byte) }
        isQuoted.toggle()
        lastWasQuote = true
        continue
      }
      lastWasQuote = false
      if byte == UInt8(ascii: ","), !isQuoted {
        values.append([])
      } else if byte == 0x0A, !isQuoted {
        break
      } else {
        values[values.count - 1].append(byte)
      }
    }
    guard !isQuoted else { throw Fault("a quotation mark is not closed") }
    if values[values.count - 1].last == 0x0D { values[values.count - 1].removeLast() }
    var texts: [String] = []
    for value in values {
      guard let text = String(validating: value, as: UTF8.self) else { throw Fault("it is not UTF-8 text") }
      texts.append(text)
    }
    return texts
  }

  private static func isBlank(_ bytes: Slice<UnsafeRawBufferPointer>) -> Bool {
    bytes.allSatisfy { $0 == 0x20 || $0 == 0x0D }
  }
}
