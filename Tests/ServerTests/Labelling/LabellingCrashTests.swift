import AsyncHTTPClient
import Foundation
import GLIPServer
import NIOCore
import Testing

/// `glip serve --labels` as a process that dies.
struct LabellingCrashTests {
  @Test("nothing that was answered with 200 is lost when the program is killed")
  func killed() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "labels-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let client = HTTPClient(eventLoopGroupProvider: .singleton)
    let result = await Result { try await Self.killRepeatedly(folder, client) }
    try await client.shutdown()
    try result.get()
  }

  private static func killRepeatedly(_ folder: URL, _ client: HTTPClient) async throws {
    // What has been answered: of each picture the revision and the boxes' left edges.
    var answered: [Int: (revision: Int, edges: [Double])] = [:]
    for round in 0..<3 {
      let run = try ServedProcess(tokens: nil, ["--labels", folder.path])
      let port = try await run.port()
      func ask(_ method: String, _ path: String, _ json: Any? = nil) async throws -> [String: Any] {
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)/v1/projects\(path)")
        request.method = .RAW(value: method)
        if let json {
          request.headers.add(name: "Content-Type", value: "application/json")
          request.body = .bytes(ByteBuffer(bytes: try JSONSerialization.data(withJSONObject: json)))
        }
        let response = try await client.execute(request, timeout: .seconds(30))
        let body = try await response.body.collect(upTo: 1 << 20)
        try #require(response.status == .ok, "\(String(buffer: body))")
        return try #require(
          JSONSerialization.jsonObject(with: Data(body.readableBytesView)) as? [String: Any])
      }
      if round == 0 {
        _ = try await ask("POST", "", ["name": "Cats", "labels": ["cat"]])
        for seed in 0..<3 {
          var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)/v1/projects/1/pictures")
          request.method = .POST
          request.headers.add(name: "Content-Type", value: "multipart/form-data; boundary=xyz")
          request.body = .bytes(ByteBuffer(bytes: Form.body([("pictures", try TestPicture.png(seed))])))
          try #require(try await client.execute(request, timeout: .seconds(30)).status == .ok)
          answered[seed + 1] = (1, [])
        }
      }
      for (picture, expected) in answered {
        let there = try await ask("GET", "/1/pictures/\(picture)/boxes")
        // The last change may have been made although its answer was never seen; none before it is missing.
        let revision = try #require(there["revision"] as? Int)
        #expect(revision == expected.revision || revision == expected.revision + 1)
        if revision == expected.revision { #expect(edges(there) == expected.edges) }
        answered[picture] = (revision, edges(there))
      }
      // One task changes boxes until the program dies under it.
      let start = answered
      let changing = Task {
        var answered = start
        for count in 0... {
          let picture = count % 3 + 1
          let edge = Double(count % 80)
          let box: [String: Any] = ["label": "cat", "bbox": [edge, 1, 9, 9]]
          let json = boxes(answered[picture]?.revision ?? 0, [box])
          guard let there = try? await ask("PUT", "/1/pictures/\(picture)/boxes", json),
            let revision = there["revision"] as? Int
          else { break }
          answered[picture] = (revision, [edge])
        }
        return answered
      }
      try await Task.sleep(for: .milliseconds(300))
      run.kill()
      answered = await changing.value
      #expect(answered.values.map(\.revision).reduce(0, +) > start.values.map(\.revision).reduce(0, +))
    }
  }

  private static func edges(_ boxes: [String: Any]) -> [Double] {
    (boxes["boxes"] as? [[String: Any]] ?? []).compactMap { ($0["bbox"] as? [Double])?.first }
  }

  @Test("a folder that another server has, or that cannot be made, ends the program with one sentence")
  func folders() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "labels-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let first = try ServedProcess(tokens: nil, ["--labels", folder.path])
    _ = try await first.port()
    for (path, part) in [(folder.path, "Another process"), ("/dev/null/labels", "/dev/null/labels")] {
      let run = try ServedProcess(tokens: nil, ["--labels", path])
      run.process.waitUntilExit()
      #expect(run.process.terminationStatus != 0)
      let text = try String(contentsOf: run.errors, encoding: .utf8)
      #expect(
        text.hasPrefix("glip: ") && text.contains(part) && text.split(separator: "\n").count == 1, "\(text)")
    }
    first.process.terminate()
    first.process.waitUntilExit()
  }
}
