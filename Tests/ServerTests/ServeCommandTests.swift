import AsyncHTTPClient
import Foundation
import GLIP
import NIOCore
import Testing
import Torch

/// `glip serve` as a process.
struct ServeCommandTests {
  @Test(
    "the program serves, reads tokens again on SIGHUP, logs JSON without prompts, and ends with 0 on SIGTERM")
  func process() async throws {
    let run = try ServedProcess(tokens: "first-token-0123456789")
    let port = try await run.port()
    let client = HTTPClient(eventLoopGroupProvider: .singleton)
    func status(_ token: String) async throws -> Int {
      var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)/v1/detect?classes=zebra")
      request.method = .POST
      request.headers.add(name: "Authorization", value: "Bearer \(token)")
      request.headers.add(name: "Content-Type", value: "image/png")
      request.body = .bytes(ByteBuffer(bytes: try TestPicture.png()))
      let response = try await client.execute(request, timeout: .seconds(30))
      _ = try await response.body.collect(upTo: 1 << 20)
      return Int(response.status.code)
    }
    let statuses = await Result {
      let before = (try await status("first-token-0123456789"), try await status("other-token-0123456789"))
      try Data("other-token-0123456789".utf8).write(to: run.tokens)
      kill(run.process.processIdentifier, SIGHUP)
      var after = 0
      for _ in 0..<100 where after != 200 { after = try await status("other-token-0123456789") }
      return [before.0, before.1, after, try await status("first-token-0123456789")]
    }
    try await client.shutdown()
    kill(run.process.processIdentifier, SIGTERM)
    run.process.waitUntilExit()
    #expect(try statuses.get() == [200, 401, 200, 401])
    #expect(run.process.terminationReason == .exit && run.process.terminationStatus == 0)
    let log = try String(contentsOf: run.errors, encoding: .utf8).split(separator: "\n")
    #expect(log.count >= 5 && !log.contains { $0.contains("zebra") })
    for line in log {
      let entry = try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      #expect(entry["level"] != nil && entry["time"] != nil && entry["message"] != nil)
    }
  }

  @Test(
    "mistakes in options and files end the program with one sentence",
    arguments: [
      (["--port", "70000"], "--port"), (["--queue", "0"], "--queue"), (["--tokens", "nowhere"], "nowhere"),
      (["--host", "192.0.2.1"], "192.0.2.1"), (["--threshold", "2"], "threshold"),
    ])
  func mistakes(options: [String], part: String) async throws {
    let run = try ServedProcess(tokens: nil, options)
    run.process.waitUntilExit()
    #expect(run.process.terminationReason == .exit && run.process.terminationStatus != 0)
    let text = try String(contentsOf: run.errors, encoding: .utf8)
    #expect(
      text.hasPrefix("glip: ") && text.contains(part) && text.split(separator: "\n").count == 1, "\(text)")
  }
}

extension Result where Failure == any Error {
  fileprivate init(_ body: () async throws -> Success) async {
    do { self = .success(try await body()) } catch { self = .failure(error) }
  }
}

/// The program, which was built beside the tests, with a folder of its own.
private final class ServedProcess {
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
