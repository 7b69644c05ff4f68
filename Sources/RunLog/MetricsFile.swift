import Foundation

/// Numbers of a run as JSON lines, one object a line: `{"step": 20, "time": 1767225600.5, "loss/total": 1.25}`.
///
/// `step` is a whole number that never falls, `time` is in seconds since 1970, and the other members are numbers in the
/// order of their names. What JSON has no number for is written as the strings `"NaN"`, `"Infinity"` and `"-Infinity"`.
public final class MetricsFile {
  public var url: URL { file.url }
  private let file: AppendedFile

  /// Opens the file, or makes it.
  ///
  /// - Parameter step: the last step whose lines stay; later ones, and a last line that was not written to its end, are
  ///   cut off, since a resumed run writes them anew
  /// - Throws: `RunLogError`, `occupied` where another process writes it
  public init(at url: URL, resumingAfter step: Int) throws(RunLogError) {
    file = try AppendedFile(url, isNew: false)
    try file.truncate(to: Self.length(of: url, through: step))
  }

  /// Appends the numbers of one step.
  public func append(step: Int, at date: Date = Date(), _ numbers: [String: Double]) throws(RunLogError) {
    var line = "{\"step\": \(step), \"time\": \(Self.json(date.timeIntervalSince1970))"
    for (name, number) in numbers.sorted(by: { $0.key < $1.key }) {
      line += ", \(Self.json(name)): \(Self.json(number))"
    }
    try file.append(Data((line + "}\n").utf8))
  }

  private static func json(_ number: Double) -> String {
    // Swift writes the shortest digits that are read as the same number, in a form that is JSON's as well.
    if number.isFinite { return "\(number)" }
    return number.isNaN ? "\"NaN\"" : number > 0 ? "\"Infinity\"" : "\"-Infinity\""
  }

  private static func json(_ name: String) -> String {
    let escaped = name.unicodeScalars.map { scalar in
      switch scalar {
      case "\"", "\\": "\\\(scalar)"
      case _ where scalar.value < 32: String(format: "\\u%04x", scalar.value)
      default: String(scalar)
      }
    }
    return "\"\(escaped.joined())\""
  }

  /// Bytes up to the end of the last whole line of a step up to `step`, sought from the end.
  private static func length(of url: URL, through step: Int) throws(RunLogError) -> Int {
    let data = try contents(of: url)
    var end = data.lastIndex(of: newline).map { $0 + 1 } ?? 0
    while end > 0 {
      let start = data[..<(end - 1)].lastIndex(of: newline).map { $0 + 1 } ?? 0
      if let row = MetricsRow(json: data[start..<end]), row.step <= step { return end }
      end = start
    }
    return 0
  }

  static func contents(of url: URL) throws(RunLogError) -> Data {
    do { return try Data(contentsOf: url, options: .alwaysMapped) } catch {
      throw .foundation(url, "cannot be read", error)
    }
  }

  static let newline = UInt8(ascii: "\n")
}

/// A line of a `MetricsFile`.
public struct MetricsRow: Sendable, Hashable {
  public let step: Int
  /// Seconds since 1970.
  public let time: Double
  public let numbers: [String: Double]

  package init(step: Int, time: Double, numbers: [String: Double]) {
    self.step = step
    self.time = time
    self.numbers = numbers
  }

  /// The rows of a file, in its order; lines that are none are left out.
  public static func all(of url: URL) throws(RunLogError) -> [MetricsRow] {
    try MetricsFile.contents(of: url).split(separator: MetricsFile.newline).compactMap(MetricsRow.init)
  }

  init?(json: Data) {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
    guard var numbers = try? decoder.decode([String: Double].self, from: json),
      let step = numbers.removeValue(forKey: "step").flatMap(Int.init(exactly:)),
      let time = numbers.removeValue(forKey: "time")
    else { return nil }
    self.init(step: step, time: time, numbers: numbers)
  }
}
