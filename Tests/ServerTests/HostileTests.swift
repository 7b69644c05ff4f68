import Foundation
import GLIPServer
import Testing

/// Clients that mean no good.
struct HostileTests {
  private let png: Data

  init() throws { png = try TestPicture.png() }

  @Test("what is no HTTP is answered with 400 in JSON")
  func noHTTP() async throws {
    try await Served.run { served in
      for text in [
        "hello\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "\u{16}\u{3}\u{1}\u{0}\r\n\r\n",
        "GET / HTTP/1.1\r\nHost x\r\n\r\n", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      ] {
        let answer = try await Connection.exchange(port: served.port, text)
        #expect(
          answer.hasPrefix("HTTP/1.1 400 ") && answer.contains("malformed_request"), "\(text): \(answer)")
      }
    }
  }

  @Test("a flood of header is cut off with 431")
  func headers() async throws {
    try await Served.run { served in
      let many = (0..<200).map { "X-\($0): y\r\n" }.joined()
      let long = "X: \(String(repeating: "y", count: 40_000))\r\n"
      let target = "?classes=" + String(repeating: "y", count: 40_000)
      for (path, fields) in [("/", many), ("/", long), ("/v1/detect" + target, "")] {
        let answer = try await Connection.exchange(
          port: served.port, "GET \(path) HTTP/1.1\r\nHost: x\r\n\(fields)\r\n")
        #expect(
          answer.hasPrefix("HTTP/1.1 431 ") && answer.contains("header_too_large"), "\(answer.prefix(99))")
      }
      let metrics = try await served.get("/metrics").text
      #expect(metrics.contains("glip_requests_total{operation=\"none\",status=\"431\"} 3\n"))
    }
  }

  @Test("a header that does not end, and a body that trickles, end the connection")
  func slow() async throws {
    try await Served.run {
      $0.limits.headerTime = .milliseconds(300)
      $0.limits.bodyTime = .milliseconds(300)
    } _: { served in
      let header = try await Connection(port: served.port)
      let body = try await Connection(port: served.port)
      await header.offer("GET / HTTP/1.1\r\n")
      await body.offer(
        "POST /v1/detect?classes=cat HTTP/1.1\r\nHost: x\r\nContent-Type: image/png\r\nContent-Length: 1000\r\n\r\n"
      )
      let trickle = Task {
        while !Task.isCancelled {
          await header.offer("X: y\r\n")
          await body.offer("x")
          try await Task.sleep(for: .milliseconds(20))
        }
      }
      #expect(await header.closed())
      #expect(await body.closed())
      trickle.cancel()
      #expect(body.text.hasPrefix("HTTP/1.1 408 ") && body.text.contains("request_timeout"), "\(body.text)")
      #expect(try await served.get("/healthz").status == 200)
    }
  }

  @Test("a body that is cut off costs nobody else anything")
  func cut() async throws {
    try await Served.run { served in
      for _ in 0..<20 {
        let connection = try await Connection(port: served.port)
        await connection.offer(
          "POST /v1/detect?classes=cat HTTP/1.1\r\nHost: x\r\nContent-Type: image/png\r\nContent-Length: 999\r\n\r\nx"
        )
        connection.close()
      }
      var held = -1.0
      for _ in 0..<200 where held != 0 {
        held = try metric("glip_held_bytes", await served.get("/metrics").text)
        try await Task.sleep(for: .milliseconds(10))
      }
      #expect(held == 0)
      #expect(try metric("glip_queued_pictures", await served.get("/metrics").text) == 0)
    }
  }

  @Test("1,000 mutations of valid requests: never a failure of the server, and it lives on")
  func mutations() async throws {
    let valid = try requests()
    try await Served.run {
      $0.limits.headerTime = .milliseconds(300)
      $0.limits.bodyTime = .milliseconds(300)
    } _: { served in
      var random = SplitMix(state: 7)
      var statuses: [Int: Int] = [:]
      for round in 0..<20 {
        let mutants = (0..<50).map { mutated(valid[(round * 50 + $0) % valid.count], &random) }
        let answers = try await withThrowingTaskGroup(of: String.self) { group in
          for mutant in mutants {
            group.addTask { try await Connection.exchange(port: served.port, mutant) }
          }
          return try await group.reduce(into: []) { $0.append($1) }
        }
        for answer in answers {
          guard let status = Int(answer.dropFirst(9).prefix(3)) else {
            statuses[0, default: 0] += 1
            continue
          }
          statuses[status, default: 0] += 1
          #expect(status < 500, "\(answer.prefix(400))")
        }
      }
      #expect(statuses.values.reduce(0, +) == 1000)
      #expect(statuses[200, default: 0] > 20 && statuses[400, default: 0] > 100, "\(statuses)")
      #expect(try await served.post(form: [("picture", png), ("classes", Data("cat"))]).status == 200)
    }
  }

  /// Valid requests of all encodings, each asking for the connection to end.
  private func requests() throws -> [Data] {
    func request(_ line: String, _ type: String, _ body: Data) -> Data {
      Data(
        "\(line) HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: \(type)\r\nContent-Length: \(body.count)\r\n\r\n"
      ) + body
    }
    let json = try JSONSerialization.data(withJSONObject: [
      "picture": png.base64EncodedString(), "classes": ["cat", "cup"], "threshold": 0.5, "max_detections": 3,
    ])
    let form = Form.body([
      ("picture", png), ("caption", Data("[a cat] on a mat")), ("threshold", Data("0.1")),
      ("format", Data("jpeg")),
    ])
    let batch = Form.body([("pictures", png), ("pictures", png), ("classes", Data("cat"))])
    return [
      request("POST /v1/detect", "application/json", json),
      request("POST /v1/detect", "multipart/form-data; boundary=xyz", form),
      request("POST /v1/detect/batch", "multipart/form-data; boundary=xyz", batch),
      request("POST /v1/detect?classes=cat,cup&threshold=0.2&max_detections=9", "image/png", png),
      request("GET /v1/models", "text/plain", Data()),
    ]
  }

  /// A few bytes changed, removed, doubled or exchanged.
  private func mutated(_ request: Data, _ random: inout SplitMix) -> Data {
    var bytes = [UInt8](request)
    for _ in 0..<Int.random(in: 1...4, using: &random) {
      // The header, and the first part of a body, are where most of the meaning is.
      let most = Bool.random(using: &random) ? min(400, bytes.count) : bytes.count
      let place = Int.random(in: 0..<most, using: &random)
      let length = min(Int.random(in: 1...20, using: &random), bytes.count - place)
      switch Int.random(in: 0..<5, using: &random) {
      case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
      case 1: bytes[place] ^= 1 << UInt8.random(in: 0...7, using: &random)
      case 2 where bytes.count > length + 1: bytes.removeSubrange(place..<place + length)
      case 3: bytes.insert(contentsOf: bytes[place..<place + length], at: place)
      default: bytes.replaceSubrange(place..<place + length, with: (0..<length).map { _ in 0x30 })
      }
    }
    return Data(bytes)
  }
}

/// Numbers that are the same in every run.
private struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
