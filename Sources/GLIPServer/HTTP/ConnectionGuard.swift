import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Keeps one connection within its limits: a body that comes too slowly and an answer that is not taken end it, bytes
/// that are no HTTP are answered as every other mistake is, and nothing more is read from a client that has had its
/// last answer.
final class ConnectionGuard: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPRequestPart
  typealias InboundOut = HTTPRequestPart
  typealias OutboundIn = HTTPResponsePart
  typealias OutboundOut = HTTPResponsePart

  private let limits: ServiceLimits
  private let isDraining: @Sendable () -> Bool
  private let onRefusal: @Sendable (APIError, _ requestID: String) -> Void

  // Requests may follow each other before they are answered: counts tell which one an answer belongs to.
  private var headsRead = 0
  private var endsRead = 0
  private var answersWritten = 0
  /// Ends the body that is being read.
  private var bodyTimer: Scheduled<Void>?
  /// Ends the connection if an answer is not taken.
  private var answerTimer: Scheduled<Void>?
  /// The answer being written is the last.
  private var endsAfterAnswer = false
  /// The number of the request whose client wants no more than its answer.
  private var lastRequest: Int?
  /// What comes in is of no interest any more.
  private var ignoresInput = false

  /// A client that still sends when it is answered gets this long to read the answer: closing at once would make
  /// its system forget what it has received.
  private static let linger = TimeAmount.seconds(1)

  /// - Parameter onRefusal: told of what is answered here and reaches no responder
  init(
    limits: ServiceLimits, isDraining: @escaping @Sendable () -> Bool,
    onRefusal: @escaping @Sendable (APIError, _ requestID: String) -> Void
  ) {
    self.limits = limits
    self.isDraining = isDraining
    self.onRefusal = onRefusal
  }

  func handlerRemoved(context: ChannelHandlerContext) { cancelTimers() }

  func channelInactive(context: ChannelHandlerContext) {
    cancelTimers()
    context.fireChannelInactive()
  }

  // MARK: Requests

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard !ignoresInput else { return }
    switch unwrapInboundIn(data) {
    case .head(let head):
      headsRead += 1
      if head.headerFields[.connection]?.lowercased() == "close" { lastRequest = headsRead }
      bodyTimer = schedule(in: limits.bodyTime, context) { [self] context in
        ignoresInput = true
        context.fireErrorCaught(APIError(.requestTimeout, "The request's body did not arrive in time."))
      }
      // A client that asks before it sends a body too long is answered by the responder.
      let length = head.headerFields[.contentLength].flatMap(Int.init) ?? 0
      if head.headerFields[.expect]?.lowercased() == "100-continue", length <= limits.bodyBytes {
        context.writeAndFlush(wrapOutboundOut(.head(HTTPResponse(status: .continue))), promise: nil)
      }
    case .body: break
    case .end:
      endsRead += 1
      bodyTimer?.cancel()
    }
    context.fireChannelRead(data)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    guard !ignoresInput else { return }
    bodyTimer?.cancel()
    ignoresInput = true
    guard headsRead == answersWritten, !(error is IOError) else {
      // The responder is at work and will meet the error as it reads on.
      context.fireErrorCaught(error)
      return
    }
    let failure = APIError(error)
    let reason =
      failure.code == .failed ? APIError(.malformedRequest, "The request is not valid HTTP.") : failure
    var (head, body) = ResponseBytes.error(reason)
    let id = RequestID.of([:])
    head.headerFields[.requestID] = id
    onRefusal(reason, id)
    headsRead += 1
    write(context: context, data: wrapOutboundOut(.head(head)), promise: nil)
    write(context: context, data: wrapOutboundOut(.body(body)), promise: nil)
    write(context: context, data: wrapOutboundOut(.end(nil)), promise: nil)
  }

  // MARK: Answers

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    switch unwrapOutboundIn(data) {
    case .head(var head):
      let isWhole = endsRead > answersWritten
      if !isWhole || ignoresInput || isDraining() || lastRequest == answersWritten + 1 {
        head.headerFields[.connection] = "close"
      }
      endsAfterAnswer = head.headerFields[.connection] == "close"
      answerTimer?.cancel()
      answerTimer = schedule(in: limits.answerTime, context) { $0.close(promise: nil) }
      context.write(wrapOutboundOut(.head(head)), promise: promise)
    case .body: context.write(data, promise: promise)
    case .end:
      let isWhole = endsRead > answersWritten
      answersWritten += 1
      let written = promise ?? context.eventLoop.makePromise()
      written.futureResult.assumeIsolated().whenComplete { [self] _ in
        answerTimer?.cancel()
        if endsAfterAnswer { end(context, after: isWhole ? .zero : Self.linger) }
      }
      if endsAfterAnswer { ignoresInput = true }
      context.writeAndFlush(data, promise: written)
    }
  }

  private func end(_ context: ChannelHandlerContext, after time: TimeAmount) {
    guard time > .zero else { return context.close(promise: nil) }
    context.eventLoop.assumeIsolated().scheduleTask(in: time) { context.close(promise: nil) }
  }

  // MARK: Time

  private func schedule(
    in time: Duration, _ context: ChannelHandlerContext, _ body: @escaping (ChannelHandlerContext) -> Void
  ) -> Scheduled<Void> {
    context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(time)) { body(context) }
  }

  private func cancelTimers() {
    bodyTimer?.cancel()
    answerTimer?.cancel()
  }
}
