import Foundation

/// Numbers and names as a report writes them.
enum ReportText {
  /// Of a share, 0 to 1: in percent as the benchmarks have it, without the sign.
  static func percent(_ share: Double?) -> String {
    share.map { String(format: "%.1f", 100 * $0) } ?? "–"
  }

  /// A threshold that keeps what the score itself keeps: rounded downwards.
  static func score(_ score: Double?) -> String {
    guard let score else { return "–" }
    guard abs(score) < 1e6 else { return String(format: "%.3g", score) }
    return String(format: "%.3f", (score * 1000).rounded(.down) / 1000)
  }

  static func overlap(_ overlap: Double) -> String { String(format: "%.2g", overlap) }

  /// With a capital.
  static func sentence(_ text: String) -> String { text.prefix(1).uppercased() + text.dropFirst() }

  static func whole(_ number: Double) -> String { String(format: "%.0f", number) }

  /// A count, in groups of three digits.
  static func count(_ number: Int) -> String {
    let digits = Array(String(number.magnitude))
    let groups = stride(from: digits.count, to: 0, by: -3).map { String(digits[max(0, $0 - 3)..<$0]) }
    return (number < 0 ? "-" : "") + groups.reversed().joined(separator: ",")
  }

  static func counted(_ number: Int, _ noun: String) -> String {
    "\(count(number)) \(number == 1 ? noun : noun.hasSuffix("s") ? noun + "es" : noun + "s")"
  }

  /// A name that may come from anywhere, on one line and not too long for a plot.
  static func short(_ name: String, _ limit: Int = 60) -> String {
    let breaks: [Unicode.GeneralCategory] = [.control, .lineSeparator, .paragraphSeparator]
    // Of a name of megabytes no more than can be seen.
    let scalars = name.unicodeScalars.prefix(1000).map { scalar in
      breaks.contains(scalar.properties.generalCategory) ? " " : String(scalar)
    }
    let text = scalars.joined()
    return text.count <= limit ? text : text.prefix(limit - 1) + "…"
  }

  /// The name as a part of the name of a file.
  static func fileName(_ name: String) -> String {
    let letters = name.lowercased().unicodeScalars.prefix(200).map { scalar in
      scalar.isASCII && scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
        ? String(scalar) : "-"
    }
    return letters.joined().split(separator: "-").joined(separator: "-").prefix(40).description
  }
}
