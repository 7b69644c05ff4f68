import Foundation
import NIOCore
import NIOPosix
import Synchronization

/// A proxy on an unused port of this machine that opens tunnels (CONNECT) and notes the requests for them.
final class LoopbackProxy: Sendable {
  private typealias Connection = NIOAsyncChannel<ByteBuffer, ByteBuffer>

  /// The head of each request.
  let heads = Mutex<[String]>([])
  /// What a request must contain to be served.
  private let secret: String

  private init(secret: String) { self.secret = secret }

  @discardableResult
  static func run<R: Sendable>(
    requiring secret: String = "", _ body: @escaping @Sendable (_ port: Int, LoopbackProxy) async throws -> R
  ) async throws -> R {
    let proxy = LoopbackProxy(secret: secret)
    let listener = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
      .bind(host: "127.0.0.1", port: 0) { Self.wrap($0) }
    return try await listener.executeThenClose { connections in
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          try await withThrowingDiscardingTaskGroup { group in
            for try await connection in connections { group.addTask { try? await proxy.serve(connection) } }
          }
        }
        defer { group.cancelAll() }
        return try await body(listener.channel.localAddress?.port ?? 0, proxy)
      }
    }
  }

  private static func wrap(_ channel: any Channel) -> EventLoopFuture<Connection> {
    channel.eventLoop.makeCompletedFuture { try Connection(wrappingChannelSynchronously: channel) }
  }

  private func serve(_ connection: Connection) async throws {
    try await connection.executeThenClose { inbound, outbound in
      var bytes = inbound.makeAsyncIterator()
      var head = ""
      while !head.hasSuffix("\r\n\r\n"), let more = try await bytes.next() { head += String(buffer: more) }
      heads.withLock { $0.append(head) }
      guard secret.isEmpty || head.contains(secret) else {
        let refusal = "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"
        return try await outbound.write(ByteBuffer(string: refusal))
      }
      let target = head.split(separator: " ")[1].split(separator: ":")
      let server = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
        .connect(host: String(target[0]), port: Int(target[1]) ?? 0) { Self.wrap($0) }
      try await outbound.write(ByteBuffer(string: "HTTP/1.1 200 OK\r\n\r\n"))
      try await server.executeThenClose { answers, requests in
        try await withThrowingTaskGroup(of: Void.self) { group in
          group.addTask { for try await answer in answers { try await outbound.write(answer) } }
          while let more = try await bytes.next() { try await requests.write(more) }
          group.cancelAll()
        }
      }
    }
  }
}
