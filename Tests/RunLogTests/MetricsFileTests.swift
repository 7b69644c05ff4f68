import Foundation
import RunLog
import Testing

@Suite struct MetricsFileTests {
  /// A file with lines of steps 1 to 5, two for step 3.
  private func written(_ work: Workspace) throws -> URL {
    let file = try MetricsFile(at: work("metrics.jsonl"), resumingAfter: -1)
    for step in [1, 2, 3, 3, 4, 5] { try file.append(step: step, ["loss/total": 1 / Double(step)]) }
    return file.url
  }

  private func steps(_ url: URL) throws -> [Int] { try MetricsRow.all(of: url).map(\.step) }

  @Test("a line is an object of JSON: step, time, and numbers in order of their names")
  func lines() throws {
    let work = try Workspace()
    let file = try MetricsFile(at: work("metrics.jsonl"), resumingAfter: -1)
    let date = Date(timeIntervalSince1970: 1_767_225_600.5)
    try file.append(step: 20, at: date, ["b": 1e-7, "a": 0.1, "quote\"\n\\": -3])
    #expect(
      try text(of: file.url)
        == #"{"step": 20, "time": 1767225600.5, "a": 0.1, "b": 1e-07, "quote\"\u000a\\": -3.0}"# + "\n")
    #expect(
      try MetricsRow.all(of: file.url) == [
        MetricsRow(step: 20, time: 1_767_225_600.5, numbers: ["a": 0.1, "b": 1e-7, "quote\"\n\\": -3])
      ])
  }

  @Test("numbers are read back to the last bit, those that JSON lacks included")
  func exactNumbers() throws {
    let work = try Workspace()
    let file = try MetricsFile(at: work("metrics.jsonl"), resumingAfter: -1)
    let numbers = [
      0.1 + 0.2, 1 / 3, .leastNonzeroMagnitude, .greatestFiniteMagnitude, -0.0, 1, 123_456_789_012, .infinity,
      -.infinity,
    ]
    for (step, number) in numbers.enumerated() { try file.append(step: step, ["x": number]) }
    try file.append(step: 99, ["x": .nan])
    let rows = try MetricsRow.all(of: file.url)
    #expect(rows.dropLast().map { $0.numbers["x"]?.bitPattern } == numbers.map(\.bitPattern))
    #expect(rows.last?.numbers["x"]?.isNaN == true)
    #expect(try text(of: file.url).contains(#""x": "-Infinity"}"#))
  }

  @Test(
    "a resumed run cuts what it will write anew",
    arguments: [
      (-1, []), (0, []), (1, [1]), (3, [1, 2, 3, 3]), (4, [1, 2, 3, 3, 4]), (9, [1, 2, 3, 3, 4, 5]),
    ])
  func resumption(step: Int, kept: [Int]) throws {
    let work = try Workspace()
    let url = try written(work)
    let file = try MetricsFile(at: url, resumingAfter: step)
    #expect(try steps(url) == kept)
    try file.append(step: 10, [:])
    #expect(try steps(url) == kept + [10])
  }

  @Test("wherever writing was cut, a resumed run leaves whole lines only")
  func cutAnywhere() throws {
    let work = try Workspace()
    let whole = try Data(contentsOf: try written(work))
    for count in 0...whole.count {
      let url = work("cut.jsonl")
      try whole.prefix(count).write(to: url)
      let lines = whole.prefix(count).count { $0 == UInt8(ascii: "\n") }
      let file = try MetricsFile(at: url, resumingAfter: 100)
      try file.append(step: 101, ["x": 1])
      #expect(try text(of: url).split(separator: "\n").count == lines + 1)
      #expect(try steps(url).count == lines + 1)
    }
  }

  @Test("lines that are no rows do not stop reading, and go with those after them")
  func foreignLines() throws {
    let work = try Workspace()
    let url = try written(work)
    try append("not json\n[]\n{\"step\": \"7\"}\n\n\u{0}\u{1}\n{\"step\": 8, \"time\": 0}\n", to: url)
    #expect(try steps(url) == [1, 2, 3, 3, 4, 5, 8])
    _ = try MetricsFile(at: url, resumingAfter: 7)
    #expect(try steps(url) == [1, 2, 3, 3, 4, 5])
    #expect(try text(of: url).hasSuffix("}\n") && !text(of: url).contains("not json"))
  }

  @Test("two writers of one file are told apart")
  func locked() throws {
    let work = try Workspace()
    let file = try MetricsFile(at: work("metrics.jsonl"), resumingAfter: -1)
    #expect {
      _ = try MetricsFile(at: file.url, resumingAfter: -1)
    } throws: {
      ($0 as? RunLogError)?.kind == .occupied && "\($0)".hasSuffix("is being written by another process.")
    }
  }

  @Test("a full disk is an error of one sentence")
  func fullDisk() throws {
    guard FileManager.default.fileExists(atPath: "/dev/full") else { return }
    let work = try Workspace()
    try FileManager.default.createSymbolicLink(
      at: work("full"), withDestinationURL: URL(filePath: "/dev/full"))
    #expect(throws: RunLogError.self) {
      try MetricsFile(at: work("full"), resumingAfter: -1).append(step: 1, [:])
    }
  }
}
