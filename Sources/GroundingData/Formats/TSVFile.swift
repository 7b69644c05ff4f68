import Foundation

/// Rows of columns, found through a `.lineidx` file beside: the byte at which each row begins, as text.
struct TSVFile: Sendable {
  let lines: LineIndex
  var file: AnnotationFile { lines.file }
  var count: Int { lines.count }

  /// Without a `.lineidx` file, the whole file is read for the ends of its lines.
  init(_ url: URL) throws(DatasetError) {
    let file = try AnnotationFile(url)
    let index = url.deletingPathExtension().appendingPathExtension("lineidx")
    if FileManager.default.fileExists(atPath: index.path) {
      lines = LineIndex(file, starts: try Self.starts(index, in: file))
    } else {
      lines = LineIndex(file)
    }
  }

  /// Places of a row's columns.
  func columns(of row: Int) throws(DatasetError) -> [Range<Int>] {
    let range = lines.range(at: row)
    let bytes = file.bytes
    guard range.lowerBound == file.start || bytes[range.lowerBound - 1] == 0x0A else {
      throw error(
        row, Fault("its .lineidx file says byte \(range.lowerBound), which is not the start of a line"))
    }
    var columns: [Range<Int>] = []
    var start = range.lowerBound
    for index in range where bytes[index] == 0x09 {
      columns.append(start..<index)
      start = index + 1
    }
    let end =
      range.upperBound > start && bytes[range.upperBound - 1] == 0x0D
      ? range.upperBound - 1 : range.upperBound
    return columns + [start..<end]
  }

  /// A row of two columns, the first of which is a key.
  func keyAndValue(of row: Int) throws(DatasetError) -> (key: String, value: Range<Int>) {
    let columns = try columns(of: row)
    guard columns.count == 2 else {
      throw error(row, Fault("it has \(columns.count) columns instead of two"))
    }
    return (text(columns[0]), columns[1])
  }

  func text(_ range: Range<Int>) -> String { String(decoding: file.bytes[range], as: UTF8.self) }

  func error(_ row: Int, _ fault: Fault) -> DatasetError { file.error("row \(row)", fault) }

  private static func starts(_ url: URL, in tsv: AnnotationFile) throws(DatasetError) -> [Int] {
    let starts = try wholeNumbers(url)
    var last = -1
    for (row, start) in starts.enumerated() {
      guard start > last, start < tsv.count else {
        throw DatasetError(
          file: url, place: "line \(row + 1)",
          "\(start) is not the start of a row in \(tsv.url.lastPathComponent)")
      }
      last = start
    }
    return starts
  }

  /// A whole number on each line.
  static func wholeNumbers(_ url: URL) throws(DatasetError) -> [Int] {
    let file = try AnnotationFile(url)
    let lines = LineIndex(file)
    var numbers: [Int] = []
    numbers.reserveCapacity(lines.count)
    for index in 0..<lines.count {
      let text = String(decoding: file.bytes[lines.range(at: index)], as: UTF8.self)
      guard let number = Int(text.trimmingCharacters(in: .whitespaces)), number >= 0 else {
        throw file.error("line \(index + 1)", Fault("\(text.quoted) is not a whole number"))
      }
      numbers.append(number)
    }
    return numbers
  }
}
