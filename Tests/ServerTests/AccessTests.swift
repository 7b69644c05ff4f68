import Foundation
import Testing

/// Who may use the server, and what answers say beside what was asked for.
struct AccessTests {
  private static let first = "first-token-0123456789"
  private static let second = "second-token-0123456789"

  private func file(_ text: String) throws -> URL {
    let url = FileManager.default.temporaryDirectory.appending(path: "tokens-\(UUID().uuidString)")
    try Data(text.utf8).write(to: url)
    return url
  }

  @Test("a token is needed where there are some, for all but health and description")
  func tokens() async throws {
    let file = try file("# for tests\n\(Self.first)\n\n  \(Self.second)  \n")
    defer { try? FileManager.default.removeItem(at: file) }
    try await Served.run {
      $0.tokens = file
    } _: { served in
      for field in [
        nil, "", "Bearer", "Bearer ", "Bearer wrong", "Basic " + Self.first, Self.first,
        "Bearer \(Self.first)x", "Bearer \(Self.first.dropLast())", "Bearer # for tests",
      ] {
        let answer = try await served.get("/v1/models", fields: field.map { ["Authorization": $0] } ?? [:])
        expectError(answer, 401, "unauthorized")
        #expect(answer["www-authenticate"] == "Bearer")
      }
      for token in [Self.first, Self.second] {
        #expect(
          try await served.get("/v1/models", fields: ["Authorization": "Bearer \(token)"]).status == 200)
        #expect(try await served.get("/metrics", fields: ["Authorization": "bearer \(token)"]).status == 200)
      }
      for path in ["/", "/healthz", "/readyz", "/openapi.json"] {
        #expect(try await served.get(path).status == 200)
      }
      expectError(try await served.get("/metrics"), 401, "unauthorized")
      expectError(try await served.post(["picture": 1]), 401, "unauthorized")
    }
  }

  @Test("tokens are read again when asked, or when their file changes; a broken file changes nothing")
  func reload() async throws {
    let file = try file(Self.first)
    defer { try? FileManager.default.removeItem(at: file) }
    try await Served.run {
      $0.tokens = file
    } _: { served in
      func status(_ token: String) async throws -> Int {
        try await served.get("/v1/models", fields: ["Authorization": "Bearer \(token)"]).status
      }
      try Data(Self.second.utf8).write(to: file)
      try served.server.reloadTokens()
      #expect(try await status(Self.first) == 401)
      #expect(try await status(Self.second) == 200)
      try Data("short".utf8).write(to: file)
      #expect(throws: (any Error).self) { try served.server.reloadTokens() }
      #expect(try await status(Self.second) == 200)
      try Data((Self.first + "\n").utf8).write(to: file)
      var found = 0
      for _ in 0..<100 where found != 200 {
        found = try await status(Self.first)
        try await Task.sleep(for: .milliseconds(50))
      }
      #expect(found == 200, "the change went unnoticed")
    }
  }

  @Test("a file without tokens is refused")
  func noTokens() async throws {
    for text in ["", "# none\n", "short\n", "a token with spaces in it\n"] {
      let file = try file(text)
      defer { try? FileManager.default.removeItem(at: file) }
      await #expect(throws: (any Error).self) {
        try await Served.run {
          $0.tokens = file
        } _: { _ in
        }
      }
    }
  }

  @Test("pages of other sites may use the server only where they are named")
  func origins() async throws {
    let preflight = [
      "Origin": "https://a.example", "Access-Control-Request-Method": "POST",
      "Access-Control-Request-Headers": "content-type",
    ]
    try await Served.run { served in
      let answer = try await served.get("/v1/models", fields: ["Origin": "https://a.example"])
      #expect(answer["access-control-allow-origin"] == nil)
      #expect(try await served.send("OPTIONS", "/v1/detect", fields: preflight).status == 405)
    }
    try await Served.run {
      $0.allowedOrigins = ["https://a.example"]
    } _: { served in
      let answer = try await served.get("/v1/models", fields: ["Origin": "https://a.example"])
      #expect(answer["access-control-allow-origin"] == "https://a.example" && answer["vary"] == "Origin")
      let other = try await served.get("/v1/models", fields: ["Origin": "https://b.example"])
      #expect(other["access-control-allow-origin"] == nil)
      let asked = try await served.send("OPTIONS", "/v1/detect", fields: preflight)
      #expect(asked.status == 204 && asked["access-control-allow-methods"]?.contains("POST") == true)
    }
  }

  @Test("a server without tokens answers to addresses, names that nobody can own, and those it was given")
  func hosts() async throws {
    let tokens = try file(Self.first)
    defer { try? FileManager.default.removeItem(at: tokens) }
    let owned = [
      "a.example", "a.example:8080", "A.EXAMPLE.", "127.0.0.1.a.example", "1.2.3", "[a.example]:80",
    ]
    try await Served.run { served in
      let good = ["127.0.0.1", "192.0.2.7:\(served.port)", "[::1]:80", "localhost:1", "workstation"]
      let answers = try await (served.statuses(askedAs: good), served.statuses(askedAs: owned))
      #expect(answers == ([200], [403]))
      #expect(try await served.get("/", fields: ["Host": "a.example"]).code == "wrong_host")
    }
    try await Served.run {
      $0.allowedHosts = ["a.example"]
    } _: { served in
      let answers = try await (
        served.statuses(askedAs: ["a.example:80", "A.example.", "127.0.0.1"]),
        served.statuses(askedAs: ["b.example"])
      )
      #expect(answers == ([200], [403]))
    }
    try await Served.run {
      $0.tokens = tokens
    } _: { served in
      let answers = try await served.statuses(askedAs: owned)
      #expect(answers == [200])
    }
  }

  @Test("a request keeps its id if that is a plain word, and gets one otherwise")
  func ids() async throws {
    try await Served.run { served in
      #expect(try await served.get("/", fields: ["X-Request-Id": "abc-1.2_3"])["x-request-id"] == "abc-1.2_3")
      for id in ["a b", "<script>", String(repeating: "x", count: 65), "\"", "é"] {
        let answer = try await served.get("/nowhere", fields: ["X-Request-Id": id])
        #expect(UUID(uuidString: answer["x-request-id"] ?? "") != nil)
      }
    }
  }

  @Test("health, models, metrics, the description and the page answer; HEAD has no body")
  func plain() async throws {
    try await Served.run { served in
      for path in ["/", "/healthz", "/readyz", "/metrics", "/openapi.json", "/v1/models"] {
        let answer = try await served.get(path)
        #expect(answer.status == 200 && !answer.body.isEmpty)
        #expect(answer["x-content-type-options"] == "nosniff")
        #expect(answer["cache-control"] == (path == "/" ? "no-cache" : "no-store"))
        let head = try await served.send("HEAD", path)
        #expect(head.status == 200 && head.body.isEmpty && head["content-type"] == answer["content-type"])
      }
      let metrics = try await served.get("/metrics").text
      #expect(metrics.contains("glip_requests_total{operation=\"health\",status=\"200\"} 2\n"))
      #expect(metrics.split(separator: "\n").allSatisfy { $0.hasPrefix("#") || $0.contains(" ") })
    }
  }
}

extension Served {
  /// How the page and a path of the interface answer to names.
  fileprivate func statuses(askedAs hosts: [String]) async throws -> Set<Int> {
    var found: Set<Int> = []
    for host in hosts {
      for path in ["/", "/healthz"] { found.insert(try await get(path, fields: ["Host": host]).status) }
    }
    return found
  }
}
