import Foundation
import GLIP
import Pictures

/// Columns of text, each as wide as its widest cell: the first to the left, numbers to the right.
package func table(_ rows: [[String]]) -> String {
  let columns = rows.map(\.count).max() ?? 0
  let widths = (0..<columns).map { column in
    rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
  }
  return rows.map { row in
    let line = row.enumerated().map { column, cell in
      let padding = String(repeating: " ", count: widths[column] - cell.count)
      return column == 0 ? cell + padding : padding + cell
    }.joined(separator: "  ")
    return String(line.reversed().drop { $0 == " " }.reversed())
  }.joined(separator: "\n")
}

/// A result as JSON for people and programs: indented, members sorted and named like `multiply_adds`.
package func json(_ value: some Encodable) throws -> Data {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
  encoder.keyEncodingStrategy = .convertToSnakeCase
  return try encoder.encode(value)
}

extension StageClock.Stage {
  /// The name as words: `post processing`.
  package var words: String {
    rawValue.reduce(into: "") { $0 += $1.isUppercase ? " \($1.lowercased())" : "\($1)" }
  }
}

extension Picture {
  /// A picture of nothing, the same everywhere, with edges and gradients for the network to look at.
  package static func generated(width: Int, height: Int) -> Picture {
    var pixels: [UInt8] = []
    pixels.reserveCapacity(3 * width * height)
    for y in 0..<height {
      for x in 0..<width {
        let square: Int = (x / 64 + y / 64).isMultiple(of: 2) ? 96 : 0
        pixels.append(UInt8(truncatingIfNeeded: x * 160 / width + square))
        pixels.append(UInt8(truncatingIfNeeded: y * 160 / height + square))
        pixels.append(UInt8(truncatingIfNeeded: (x ^ y) & 127))
      }
    }
    return Picture(width: width, height: height, pixels: pixels)
  }
}
