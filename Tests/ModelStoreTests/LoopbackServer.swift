import Foundation
import Hummingbird
import Synchronization

/// A web server on an unused port of this machine that lives as long as `body` runs and notes what it is asked.
final class LoopbackServer: Sendable {
  typealias Answer = @Sendable (Request, _ count: Int) async throws -> Response

  let requests = Mutex<[Request]>([])

  /// Runs `body` with the server's address. `answer` gets each request and how many came before it.
  @discardableResult
  static func run<R: Sendable>(
    _ answer: @escaping Answer, _ body: @escaping @Sendable (URL, LoopbackServer) async throws -> R
  ) async throws -> R {
    let server = LoopbackServer()
    let (ports, port) = AsyncStream.makeStream(of: Int.self)
    let responder = CallbackResponder { (request: Request, _: BasicRequestContext) in
      let count = server.requests.withLock {
        $0.append(request)
        return $0.count - 1
      }
      return try await answer(request, count)
    }
    var application = Application(
      responder: responder, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
      onServerRunning: { port.yield($0.localAddress?.port ?? 0) })
    application.logger.logLevel = .critical
    return try await withThrowingTaskGroup(of: R?.self) { group in
      group.addTask { [application] in
        try await application.run()
        return nil
      }
      group.addTask {
        let port = await ports.first { _ in true } ?? 0
        return try await body(URL(string: "http://127.0.0.1:\(port)/")!, server)
      }
      defer { group.cancelAll() }
      while let result = try await group.next() { if let result { return result } }
      throw CancellationError()
    }
  }

  /// The `Range` of every request so far.
  var ranges: [String?] {
    requests.withLock { $0.map { $0.headers[.range] } }
  }
}

/// A file as a well-behaved server gives it: with an entity tag, whole or from some byte on.
struct ServedFile: Sendable {
  var bytes: [UInt8]
  var tag = "\"one\""

  func answer(_ request: Request, cutAfter limit: Int? = nil) -> Response {
    answer(range: request.headers[.ifRange] == tag ? request.headers[.range] : nil, cutAfter: limit)
  }

  func answer(range: String?, cutAfter limit: Int? = nil) -> Response {
    var start = 0
    if let range {
      start = Int(range.dropFirst("bytes=".count).dropLast()) ?? 0
    }
    if start >= bytes.count, start > 0 {
      return Response(
        status: .rangeNotSatisfiable, headers: [.eTag: tag, .contentRange: "bytes */\(bytes.count)"])
    }
    let rest = Array(bytes[start...])
    let body = ResponseBody(contentLength: rest.count) { writer in
      try await writer.write(ByteBuffer(bytes: rest[..<(limit ?? rest.count)]))
      if limit != nil { throw Cut() }
      try await writer.finish(nil)
    }
    var response = Response(status: start > 0 ? .partialContent : .ok, headers: [.eTag: tag], body: body)
    if start > 0 { response.headers[.contentRange] = "bytes \(start)-\(bytes.count - 1)/\(bytes.count)" }
    return response
  }
}

/// Makes the server drop the connection.
struct Cut: Error {}
