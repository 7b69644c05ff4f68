import Foundation
import Synchronization
import Testing

/// The end of a server.
struct ShutdownTests {
  @Test("a server that is stopped under load answers every request it has begun to read")
  func underLoad() async throws {
    let png = try TestPicture.png()
    for round in 0..<3 {
      let answers = Mutex<[String]>([])
      try await Served.run {
        $0.drainTime = .milliseconds(20 * round)
      } _: { served in
        let body = Form.body([("picture", png), ("classes", Data("cat \(round)"))])
        let head =
          "POST /v1/detect HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=xyz\r\n"
          + "Expect: 100-continue\r\nContent-Length: \(body.count)\r\n\r\n"
        var connections: [Connection] = []
        for _ in 0..<24 { connections.append(try await Connection(port: served.port)) }
        // The interim answer shows that the server has read the header: the request is accepted.
        for connection in connections { await connection.offer(head) }
        for connection in connections { #expect(try await connection.wait(for: "100 Continue\r\n\r\n")) }
        served.server.stop()
        for connection in connections { try await connection.send(body) }
        for connection in connections {
          #expect(await connection.closed(), "the connection stays open")
          answers.withLock { $0.append(connection.text) }
        }
      }
      let all = answers.withLock { $0 }
      #expect(all.count == 24)
      for answer in all {
        #expect(answer.contains("\r\n\r\nHTTP/1.1 200 "), "\(answer.prefix(200))")
        #expect(answer.lowercased().contains("connection: close"))
        #expect(answer.hasSuffix("}"), "cut off")
      }
    }
  }

  @Test("connections that arrive while the server stops are answered or closed, and never end the program")
  func arriving() async throws {
    for _ in 0..<5 {
      try await Served.run {
        $0.drainTime = .zero
      } _: { served in
        try await withThrowingTaskGroup(of: Void.self) { group in
          for index in 0..<60 {
            group.addTask {
              if index == 30 { served.server.stop() }
              guard let connection = try? await Connection(port: served.port) else { return }
              await connection.offer("GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
              #expect(await connection.closed())
              #expect(connection.text.isEmpty || connection.text.hasSuffix("}"))
            }
          }
          try await group.waitForAll()
        }
      }
    }
  }

  @Test("an idle connection does not keep a server from stopping, and readiness tells of it")
  func idle() async throws {
    try await Served.run {
      $0.drainTime = .milliseconds(300)
    } _: { served in
      let idle = try await Connection(port: served.port)
      let asking = try await Connection(port: served.port)
      // Accepted connections are served until the time to drain is over.
      await idle.offer("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
      await asking.offer("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
      #expect(try await idle.wait(for: "ok"))
      #expect(try await asking.wait(for: "ok"))
      served.server.stop()
      await asking.offer("GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n")
      #expect(await asking.closed())
      #expect(asking.text.contains("HTTP/1.1 503 ") && asking.text.contains("not_ready"))
      #expect(await idle.closed())
    }
  }
}
