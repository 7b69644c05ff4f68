import Foundation
import Testing

/// `DistributedPeer`, which lies beside the tests, at work.
final class Peer {
  let process = Process()
  private let pipe = Pipe()
  private var rest = Data()

  init(_ arguments: String..., environment: [String: String] = [:]) throws {
    let places = [Bundle.main.executableURL, CommandLine.arguments.first.map { URL(fileURLWithPath: $0) }]
    let candidates: [URL] = places.compactMap {
      $0?.deletingLastPathComponent().appending(path: "DistributedPeer")
    }
    process.executableURL = try #require(
      candidates.first { FileManager.default.isExecutableFile(atPath: $0.path) },
      "DistributedPeer was not built")
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment
      .merging(["OMP_NUM_THREADS": "1"]) { $1 }.merging(environment) { $1 }
    process.standardOutput = pipe
    try process.run()
    try pipe.fileHandleForWriting.close()
  }

  /// The next line that it, or one that it has started, says; nil when all have ended.
  func line() throws -> String? {
    while true {
      if let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
        let line = String(decoding: rest[..<end], as: UTF8.self)
        rest = Data(rest[rest.index(after: end)...])
        return line
      }
      guard let more = try pipe.fileHandleForReading.read(upToCount: 1), !more.isEmpty else { return nil }
      rest += more
    }
  }

  /// What is said until all have ended.
  func remainingLines() throws -> [String] {
    var lines: [String] = []
    while let line = try line() { lines.append(line) }
    process.waitUntilExit()
    return lines
  }

  /// The first `count` lines `RANK is PID`, as numbers by rank.
  func processes(_ count: Int) throws -> [Int: pid_t] {
    var processes: [Int: pid_t] = [:]
    for _ in 0..<count {
      let words = try #require(try line()).split(separator: " ")
      processes[try #require(Int(words[0]))] = try #require(words.last.flatMap { pid_t($0) })
    }
    return processes
  }
}
