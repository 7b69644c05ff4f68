import Foundation

/// Writes a line to the standard error stream.
func warn(_ message: String) { FileHandle.standardError.write(Data("glip: \(message)\n".utf8)) }

/// What an error says, as the end of a sentence.
func reason(_ error: any Error) -> String {
  switch error {
  case let error as DecodingError:
    switch error {
    case .dataCorrupted(let context), .keyNotFound(_, let context), .typeMismatch(_, let context),
      .valueNotFound(_, let context):
      return context.debugDescription.trimmingCharacters(in: CharacterSet(charactersIn: ". "))
    @unknown default: return "it is malformed"
    }
  case let error as CocoaError where error.code == .fileReadNoSuchFile || error.code == .fileNoSuchFile:
    return "there is no such file"
  case let error as LocalizedError: return error.errorDescription ?? "\(error)"
  default: return (error as NSError).localizedDescription
  }
}

/// Columns of text, each as wide as its widest cell.
func table(_ rows: [[String]], rightAligned: Set<Int> = []) -> String {
  guard let first = rows.first else { return "" }
  let widths = first.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
  return rows.map { row in
    row.enumerated().map { column, cell in
      let padding = String(repeating: " ", count: widths[column] - cell.count)
      return rightAligned.contains(column) ? padding + cell : cell + padding
    }.joined(separator: "  ").trimmingSuffix(" ")
  }.joined(separator: "\n")
}

extension String {
  fileprivate func trimmingSuffix(_ character: Character) -> String {
    var text = Substring(self)
    while text.last == character { text.removeLast() }
    return String(text)
  }
}

/// A number of bytes for a person.
func bytes(_ count: Int64) -> String {
  let units = ["B", "kB", "MB", "GB"]
  var value = Double(count)
  var unit = 0
  while value >= 1000, unit + 1 < units.count {
    value /= 1000
    unit += 1
  }
  return unit == 0 ? "\(count) B" : String(format: "%.1f %@", value, units[unit])
}

/// A line on the terminal that is written over as work goes on; silent where there is no terminal.
struct ProgressLine {
  private let isTerminal = isatty(STDERR_FILENO) == 1
  private let start = Date()

  /// Work done of `total`, counted in `unit`.
  func show(_ done: Int, of total: Int, unit: String) {
    guard isTerminal, total > 1 else { return }
    let width = 30
    let filled = width * done / max(total, 1)
    let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
    let seconds = Date().timeIntervalSince(start)
    let rate = Double(done) / max(seconds, 1e-9)
    let left = done > 0 ? Self.clock(Double(total - done) / rate) : "?"
    write(String(format: "%@ %d/%d  %.2f %@/s  %@ left", bar, done, total, rate, unit, left))
  }

  /// Any text in place of the line.
  func write(_ text: String) {
    guard isTerminal else { return }
    FileHandle.standardError.write(Data("\r\u{1B}[2K\(text)".utf8))
  }

  /// Takes the line away, so that other text can be written.
  func clear() { write("") }

  static func clock(_ seconds: Double) -> String {
    let whole = Int(min(seconds, 359_999).rounded())
    return whole >= 3600
      ? String(format: "%d:%02d:%02d", whole / 3600, whole / 60 % 60, whole % 60)
      : String(format: "%d:%02d", whole / 60, whole % 60)
  }
}
