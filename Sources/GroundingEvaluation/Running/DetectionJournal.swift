import Foundation
import RunLog

/// What a pass over a data set has found so far, in a folder: a file for each process, a line for each picture.
///
///     settings.json   what detections depend on
///     rank-0.jsonl    {"record":0,"id":"397133","seconds":0.41,"found":[[label,score,x0,y0,x1,y1],…]}
///
/// A line is handed to the operating system in one call, so that a process that is killed loses none; every few
/// seconds the disk has them, too. The last line may be cut off where the machine went down, and is then left aside.
final class DetectionJournal {
  /// What was found on one record.
  struct Entry {
    var record: Int
    var id: String
    /// That the network took.
    var seconds: Double
    var found: [FoundObject]
  }

  let folder: URL
  private let file: AppendedFile
  private var lastSynchronized = ContinuousClock.now

  /// Makes the folder of a new pass, or checks that a pass in it can be resumed.
  ///
  /// - Throws: `EvaluationError` where there is one already, there is none, or it was begun otherwise.
  static func prepare(_ folder: URL, settings: [String: String], isResuming: Bool) throws {
    try check(folder, settings: settings, isResuming: isResuming)
    guard !isResuming else { return }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      try encoder.encode(settings).write(to: settingsFile(folder), options: .atomic)
    } catch {
      throw EvaluationError(.inaccessible, file: folder, "cannot be written (\(error.localizedDescription))")
    }
  }

  /// The same without making anything.
  static func check(_ folder: URL, settings: [String: String], isResuming: Bool) throws {
    let file = settingsFile(folder)
    guard isResuming else {
      guard !FileManager.default.fileExists(atPath: folder.path) else {
        throw EvaluationError(
          .invalidParameters, file: folder.deletingLastPathComponent(),
          "an evaluation is there already; go on with it (--resume) or name another folder")
      }
      return
    }
    guard FileManager.default.fileExists(atPath: file.path) else {
      throw EvaluationError(
        .invalidParameters, file: folder.deletingLastPathComponent(), "there is no evaluation to resume")
    }
    let begun: [String: String]
    do { begun = try JSONDecoder().decode([String: String].self, from: Data(contentsOf: file)) } catch {
      throw EvaluationError(.malformed, file: file, "these are no settings (\(error.localizedDescription))")
    }
    for name in Set(begun.keys).union(settings.keys).sorted() where begun[name] != settings[name] {
      throw EvaluationError(
        .invalidParameters, file: folder.deletingLastPathComponent(),
        "the evaluation there was begun with \(name) \(begun[name] ?? "not set"), not \(settings[name] ?? "without")"
      )
    }
  }

  private static func settingsFile(_ folder: URL) -> URL { folder.appending(path: "settings.json") }

  /// Opens this process's file, which no other process may have open.
  ///
  /// - Throws: `RunLogError`.
  init(_ folder: URL, rank: Int) throws {
    self.folder = folder
    let url = folder.appending(path: "rank-\(rank).jsonl")
    file = try AppendedFile(url, isNew: false)
    let data = try Self.contents(of: url)
    let whole = data.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
    if whole < data.count { try file.truncate(to: whole) }
  }

  func append(_ entry: Entry) throws {
    var line = "{\"record\":\(entry.record),\"id\":\(try Self.quoted(entry.id))"
    line += ",\"seconds\":\(entry.seconds),\"found\":["
    line += entry.found.map { object in
      let box = object.box
      return "[\(object.label),\(object.score),\(box.x0),\(box.y0),\(box.x1),\(box.y1)]"
    }.joined(separator: ",")
    line += "]}\n"
    try file.append(Data(line.utf8))
    guard lastSynchronized.duration(to: .now) > .seconds(5) else { return }
    try file.synchronize()
    lastSynchronized = .now
  }

  func synchronize() throws { try file.synchronize() }

  private static func quoted(_ text: String) throws -> String {
    String(decoding: try JSONEncoder().encode(text), as: UTF8.self)
  }
}

// MARK: Reading

extension DetectionJournal {
  /// Reads the lines of all processes, one at a time.
  ///
  /// - Throws: `EvaluationError` naming the file and the line.
  static func read(_ folder: URL, _ body: (Entry) throws -> Void) throws {
    let names: [String]
    do { names = try FileManager.default.contentsOfDirectory(atPath: folder.path) } catch {
      throw EvaluationError(.inaccessible, file: folder, "cannot be read (\(error.localizedDescription))")
    }
    for name in names.filter({ $0.hasSuffix(".jsonl") }).sorted() {
      let url = folder.appending(path: name)
      try contents(of: url).withUnsafeBytes { bytes in
        var number = 1
        var rest = bytes.assumingMemoryBound(to: UInt8.self)[...]
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
          do {
            try body(entry(UnsafeBufferPointer(rebasing: rest[..<end])))
          } catch let failure as JSONScanner.Failure {
            throw EvaluationError(
              .malformed, file: url, "line \(number): \(failure.reason) at byte \(failure.position)")
          }
          rest = rest[(end + 1)...]
          number += 1
        }
      }
    }
  }

  private static func contents(of url: URL) throws -> Data {
    do { return try Data(contentsOf: url, options: .alwaysMapped) } catch {
      throw EvaluationError(.inaccessible, file: url, "cannot be read (\(error.localizedDescription))")
    }
  }

  private static func entry(_ line: UnsafeBufferPointer<UInt8>) throws -> Entry {
    var scanner = JSONScanner(line)
    var (record, id, seconds): (Int?, String?, Double?)
    var found: [FoundObject]?
    try scanner.object { scanner, name in
      switch name {
      case "record": record = try scanner.integer()
      case "id": id = try scanner.string()
      case "seconds": seconds = try scanner.number()
      case "found":
        var objects: [FoundObject] = []
        try scanner.array { scanner, _ in objects.append(try scanner.foundObject()) }
        found = objects
      default: try scanner.skip()
      }
    }
    try scanner.expectEnd()
    guard let record, let id, let seconds, let found else {
      throw scanner.failure("'record', 'id', 'seconds' and 'found' expected")
    }
    return Entry(record: record, id: id, seconds: seconds, found: found)
  }
}

extension JSONScanner {
  /// `[label, score, x0, y0, x1, y1]`
  fileprivate mutating func foundObject() throws -> FoundObject {
    var object = FoundObject(label: 0, score: 0, box: .init(x0: 0, y0: 0, x1: 0, y1: 0))
    var count = 0
    try array { scanner, index in
      switch index {
      case 0: object.label = try scanner.integer()
      case 1: object.score = try scanner.number()
      case 2: object.box.x0 = try scanner.number()
      case 3: object.box.y0 = try scanner.number()
      case 4: object.box.x1 = try scanner.number()
      default: object.box.y1 = try scanner.number()
      }
      count = index + 1
    }
    guard count == 6 else { throw failure("6 numbers expected, not \(count)") }
    return object
  }
}
