/// Columns of text, each as wide as its widest cell.
func table(_ rows: [[String]], rightAligned: Set<Int> = []) -> String {
  guard let first = rows.first else { return "" }
  let rows = rows.map { $0.map(printable) }
  let widths = first.indices.map { column in rows.map { displayWidth($0[column]) }.max() ?? 0 }
  return rows.map { row in
    let line = row.enumerated().map { column, cell in
      let padding = String(repeating: " ", count: widths[column] - displayWidth(cell))
      return rightAligned.contains(column) ? padding + cell : cell + padding
    }.joined(separator: "  ")
    return String(line.reversed().drop { $0 == " " }.reversed())
  }.joined(separator: "\n")
}

/// Cells of a terminal that a text takes: East Asian characters and emoji take two.
private func displayWidth(_ text: String) -> Int {
  text.reduce(0) { width, character in
    let scalar = character.unicodeScalars.first?.value ?? 0
    return width + (wide.contains { $0.contains(scalar) } ? 2 : 1)
  }
}

/// The large blocks whose East_Asian_Width is W or F (Unicode Standard Annex 11).
private let wide: [ClosedRange<UInt32>] = [
  0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60,
  0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F680...0x1F6FF, 0x1F900...0x1FAFF, 0x20000...0x3FFFD,
]
