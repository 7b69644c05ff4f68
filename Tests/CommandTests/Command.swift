import Foundation
import Testing

/// What a run of the program has left behind.
struct Outcome: Sendable {
  let status: Int32
  /// Whether a signal ended it.
  let wasKilled: Bool
  let output: String
  let errors: String

  /// The sentences on the standard error stream.
  var sentences: [String] { errors.split(separator: "\n").map(String.init) }
}

/// The program as it was built, which lies beside the tests.
enum Command {
  static func executable() throws -> URL {
    let places = [Bundle.main.executableURL, CommandLine.arguments.first.map { URL(fileURLWithPath: $0) }]
    let candidates = places.compactMap { $0?.deletingLastPathComponent().appending(path: "glip") }
    return try #require(
      candidates.first { FileManager.default.isExecutableFile(atPath: $0.path) }, "glip was not built")
  }
}

extension Workspace {
  /// Starts the program here; its streams go to files there, so that neither side waits for the other.
  func start(
    _ arguments: [String], environment: [String: String] = [:], output: FileHandle? = nil
  ) throws -> RunningCommand {
    let process = Process()
    process.executableURL = try Command.executable()
    process.arguments = arguments
    process.currentDirectoryURL = folder
    var variables = ProcessInfo.processInfo.environment
    variables["GLIP_HOME"] = folder.appending(path: "home").path
    variables["OMP_NUM_THREADS"] = "1"
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
      variables[name] = nil
      variables[name.lowercased()] = nil
    }
    process.environment = variables.merging(environment) { $1 }
    let streams = try (0..<2).map { _ in try Self.scratchFile() }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output ?? streams[0]
    process.standardError = streams[1]
    return try RunningCommand(process, in: self, output: streams[0], errors: streams[1])
  }

  /// A file without a name.
  private static func scratchFile() throws -> FileHandle {
    let url = FileManager.default.temporaryDirectory.appending(path: "glip-\(UUID().uuidString)")
    try Data().write(to: url)
    defer { try? FileManager.default.removeItem(at: url) }
    return try FileHandle(forUpdating: url)
  }
}

/// The program while it works.
final class RunningCommand {
  let process: Process
  /// Kept, so that its folder is there to the end.
  private let workspace: Workspace
  private let output: FileHandle
  private let errors: FileHandle
  private let ended: AsyncStream<Void>

  init(_ process: Process, in workspace: Workspace, output: FileHandle, errors: FileHandle) throws {
    self.process = process
    self.workspace = workspace
    self.output = output
    self.errors = errors
    let (ended, end) = AsyncStream.makeStream(of: Void.self)
    self.ended = ended
    process.terminationHandler = { _ in end.finish() }
    try process.run()
  }

  func outcome() async throws -> Outcome {
    for await _ in ended {}
    func text(_ file: FileHandle) throws -> String {
      try file.seek(toOffset: 0)
      return String(decoding: try file.readToEnd() ?? Data(), as: UTF8.self)
    }
    return Outcome(
      status: process.terminationStatus, wasKilled: process.terminationReason == .uncaughtSignal,
      output: try text(output), errors: try text(errors))
  }
}
