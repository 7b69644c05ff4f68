import Foundation
import GLIP
import Testing
import Torch

/// The program, which was built beside the tests, with a folder of its own.
final class ServedProcess {
  let process = Process()
  let tokens: URL
  let errors: URL
  private let folder: URL
  private let output: URL

  init(tokens text: String?, _ options: [String] = []) throws {
    let files = FileManager.default
    folder = files.temporaryDirectory.appending(path: "glip-serve-\(UUID().uuidString)")
    try files.createDirectory(at: folder, withIntermediateDirectories: true)
    tokens = folder.appending(path: "tokens")
    output = folder.appending(path: "out")
    errors = folder.appending(path: "errors")
    let model = folder.appending(path: "tiny.safetensors")
    let parameters = Parameters(from: EagerWeights())
    _ = try GLIPModel(parameters.root, EagerWeights.configuration)
    try ModelFile.write(parameters, configuration: EagerWeights.configuration, to: model)
    for file in [output, errors] { try Data().write(to: file) }
    if let text { try Data(text.utf8).write(to: tokens) }
    let places = [Bundle.main.executableURL, CommandLine.arguments.first.map { URL(fileURLWithPath: $0) }]
    process.executableURL = try #require(
      places.compactMap { $0?.deletingLastPathComponent().appending(path: "glip") }
        .first { files.isExecutableFile(atPath: $0.path) })
    process.arguments =
      ["serve", "--model", model.path, "--port", "0", "--min-size", "64", "--max-size", "128"]
      + (text == nil ? [] : ["--tokens", tokens.path]) + options
    process.currentDirectoryURL = folder
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = try FileHandle(forWritingTo: errors)
    try process.run()
  }

  /// Ends the program as a failing machine would.
  func kill() {
    Foundation.kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }

  /// The port, once the program says it.
  func port() async throws -> Int {
    for _ in 0..<2000 where process.isRunning {
      let text = try String(contentsOf: output, encoding: .utf8)
      if text.hasSuffix("\n"), let port = text.dropLast().split(separator: ":").last.flatMap({ Int($0) }) {
        return port
      }
      try await Task.sleep(for: .milliseconds(10))
    }
    throw CocoaError(.fileReadUnknown)
  }

  deinit {
    if process.isRunning { process.terminate() }
    try? FileManager.default.removeItem(at: folder)
  }
}
