import Foundation
import NIOCore
import NIOPosix
import Synchronization

/// A connection on which anything can be sent.
final class Connection: Sendable {
  private let channel: any Channel
  private let received: Received

  private final class Received: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer
    let text = Mutex("")

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      let bytes = unwrapInboundIn(data)
      text.withLock { $0 += String(decoding: bytes.readableBytesView, as: UTF8.self) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
  }

  init(port: Int) async throws {
    let received = Received()
    self.received = received
    channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .channelInitializer { $0.pipeline.addHandler(received) }
      .connect(host: "127.0.0.1", port: port).get()
  }

  /// What has come so far.
  var text: String { received.text.withLock { $0 } }

  func send(_ data: Data) async throws { try await channel.writeAndFlush(ByteBuffer(bytes: data)) }

  /// Sends, and does not mind if the other side has closed.
  func offer(_ text: String) async { try? await send(Data(text.utf8)) }

  /// Waits until the other side closes, and closes itself after some seconds.
  func closed(within seconds: Int64 = 20) async -> Bool {
    let timer = channel.eventLoop.scheduleTask(in: .seconds(seconds)) { [channel] in
      channel.close(promise: nil)
      return true
    }
    try? await channel.closeFuture.get()
    timer.cancel()
    return (try? await timer.futureResult.get()) != true
  }

  /// Waits for some text to come.
  func wait(for part: String, seconds: Double = 20) async throws -> Bool {
    let end = ContinuousClock.now + .seconds(seconds)
    while !text.contains(part) {
      guard .now < end, channel.isActive else { return text.contains(part) }
      try await Task.sleep(for: .milliseconds(5))
    }
    return true
  }

  func close() { channel.close(promise: nil) }

  /// What a server answers to some bytes until it closes.
  static func exchange(port: Int, _ text: String) async throws -> String {
    try await exchange(port: port, Data(text.utf8))
  }

  static func exchange(port: Int, _ data: Data) async throws -> String {
    let connection = try await Connection(port: port)
    try? await connection.send(data)
    _ = await connection.closed()
    return connection.text
  }
}
