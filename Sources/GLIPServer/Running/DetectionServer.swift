import Foundation
import GLIP
import Hummingbird
import HummingbirdCore
import LabelStore
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import Synchronization

/// Detection over HTTP.
///
/// ```swift
/// let server = try DetectionServer(detector, model: "glip-t", version: "1", configuration: .init(), logger: logger)
/// try await server.run { port in print("listening on port \(port)") }
/// ```
public final class DetectionServer: Sendable {
  private let configuration: ServerConfiguration
  private let service: DetectionService
  private let tokens: AccessTokens?
  private let labelling: LabellingService?
  private let metrics = ServiceMetrics()
  private let responder: Responder
  private let logger: Logger
  private let stopping: StopRequest

  /// - Parameters:
  ///   - detector: the network
  ///   - model: its name, as clients see it
  /// - Throws: `AccessTokenError` if the file of tokens cannot be used; an error that says so if labels cannot be kept;
  ///   one of Foundation if the page's files cannot be read.
  public init(
    _ detector: Detector, model: String, version: String, configuration: ServerConfiguration, logger: Logger
  ) throws {
    self.configuration = configuration
    self.logger = logger
    let limits = configuration.limits
    let stopping = StopRequest()
    self.stopping = stopping
    tokens = try configuration.tokens.map { try AccessTokens(file: $0) }
    service = DetectionService(
      detector: detector, model: model, options: configuration.options, limits: limits,
      queue: DetectionQueue(
        detector, capacity: limits.queuedPictures, window: configuration.batchWindow,
        largestBatch: configuration.largestBatch, metrics: metrics),
      workers: NIOThreadPool(numberOfThreads: 2))
    let document = OpenAPIDocument(limits: limits, version: version, hasTokens: tokens != nil)
    let held = HeldBytes(most: limits.heldBytes)
    labelling = try configuration.labels.map { [service] folder in
      var storeLimits = LabelLimits()
      storeLimits.bytes = configuration.labelledBytes
      let store = try LabelStore(folder: folder, limits: storeLimits)
      return LabellingService(
        store: store, detecting: LabelDetection(store: store, service: service, logger: logger),
        service: service, held: held)
    }
    responder = Responder(
      service: service, tokens: tokens,
      hosts: HostNames(allowed: tokens == nil ? configuration.allowedHosts : ["*"]),
      origins: CrossOrigin(allowed: configuration.allowedOrigins),
      held: held, metrics: metrics,
      description: try ResponseBytes.json(document.json), page: try PageFiles(),
      labelling: labelling,
      logsPrompts: configuration.logsPrompts,
      logger: logger, isDraining: { stopping.isMade })
  }

  /// Serves until `stop` is called and everything that was accepted is answered. To be called once.
  ///
  /// - Parameter onListening: gets the port.
  /// - Throws: `ListenError` if the address cannot be listened on.
  public func run(onListening: @escaping @Sendable (Int) -> Void = { _ in }) async throws {
    service.workers.start()
    service.queue.start()
    let limits = configuration.limits
    let refused: @Sendable (APIError, String) -> Void = { [metrics, logger] failure, id in
      metrics.refused(status: failure.code.status.code)
      logger.info(
        "request",
        metadata: [
          "request": .string(id), "operation": "none", "error": .string(failure.code.rawValue),
          "status": .stringConvertible(failure.code.status.code),
        ])
    }
    let guards: @Sendable () -> [any RemovableChannelHandler] = { [stopping] in
      [ConnectionGuard(limits: limits, isDraining: { stopping.isMade }, onRefusal: refused)]
    }
    let application = Application(
      responder: responder,
      server: .http1(
        configuration: .init(
          additionalChannelHandlers: guards(), idleTimeout: TimeAmount(limits.headerTime),
          httpDecoderConfiguration: .init(
            maxHeaderFieldSize: limits.headerBytes, maxHeaderListSize: limits.headerBytes,
            maxHeaderFieldCount: limits.headerFields))),
      configuration: .init(
        address: .hostname(configuration.host, port: configuration.port),
        availableConnectionsDelegate: ConnectionLimit(
          most: limits.connections, isDraining: { [stopping] in stopping.isMade })),
      onServerRunning: { [stopping] listener in
        stopping.listener.withLock { $0 = listener }
        onListening(listener.localAddress?.port ?? 0)
      },
      logger: quietLogger)
    let group = ServiceGroup(configuration: .init(services: [application], logger: quietLogger))
    do {
      try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask { try await group.run() }
        tasks.addTask { [self] in
          await stopping.wait()
          if let listener = stopping.listener.withLock({ $0 }) { await drain(listener) }
          await group.triggerGracefulShutdown()
        }
        // A server that could not start must not wait for a request to stop.
        try await tasks.next()
        stopping.make()
        try await tasks.waitForAll()
      }
    } catch {
      stopping.make()
      service.queue.close()
      try? await service.workers.shutdownGracefully()
      guard stopping.listener.withLock({ $0 }) == nil else { throw error }
      throw ListenError(error, host: configuration.host, port: configuration.port)
    }
    await labelling?.detecting.stopAll()
    service.queue.close()
    try await service.workers.shutdownGracefully()
  }

  /// Asks the server to stop.
  public func stop() { stopping.make() }

  /// Reads the tokens again.
  ///
  /// - Throws: `AccessTokenError`; the tokens of before then stay.
  public func reloadTokens() throws { try tokens?.reload() }

  /// Accepts no more connections, and waits until those that were are in the server's hands: what is on its way there
  /// when the listener closes would be dropped, and NIO takes that for a programmer's error.
  private func drain(_ listener: any Channel) async {
    try? await listener.setOption(.autoRead, value: false).get()
    for loop in MultiThreadedEventLoopGroup.singleton.makeIterator() { try? await loop.submit {}.get() }
    try? await listener.eventLoop.submit {}.get()
    // Connections that are in use end with their next answer, which says so; the others then are idle.
    try? await Task.sleep(for: configuration.drainTime)
  }

  /// The framework's own remarks are for its developers.
  private var quietLogger: Logger {
    var logger = logger
    logger.logLevel = max(logger.logLevel, .warning)
    return logger
  }
}

/// Bounds the connections, and accepts none when the server is about to stop.
private struct ConnectionLimit: AvailableConnectionsDelegate {
  let most: Int
  let isDraining: @Sendable () -> Bool
  private var count = 0

  init(most: Int, isDraining: @escaping @Sendable () -> Bool) {
    self.most = most
    self.isDraining = isDraining
  }

  mutating func connectionOpened() { count += 1 }
  mutating func connectionClosed() { count -= 1 }
  func isAcceptingNewConnections() -> Bool { count < most && !isDraining() }
}

/// The wish that the server stops, made once.
private final class StopRequest: Sendable {
  /// What accepts connections, once it does.
  let listener = Mutex<(any Channel)?>(nil)
  private let made = Atomic(false)
  private let (stream, continuation) = AsyncStream.makeStream(of: Void.self)

  var isMade: Bool { made.load(ordering: .acquiring) }

  func make() {
    made.store(true, ordering: .releasing)
    continuation.finish()
  }

  func wait() async { for await _ in stream {} }
}

/// Why a server does not listen.
public struct ListenError: Error, CustomStringConvertible, LocalizedError, Sendable {
  public let description: String
  public var errorDescription: String? { description }

  init(_ error: any Error, host: String, port: Int) {
    let code = (error as? IOError)?.errnoCode
    let reason = code.map { String(cString: strerror($0)).lowercased() } ?? "the address is not known"
    description = "Cannot listen on \(host), port \(port): \(reason)."
  }
}
