import AsyncHTTPClient
import Foundation
import NIOCore
import Testing

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
  init(_ body: () async throws -> Success) async {
    do { self = .success(try await body()) } catch { self = .failure(error) }
  }
}
