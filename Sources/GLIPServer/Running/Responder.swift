import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore

/// What is known of a connection.
struct ConnectionContext: InitializableFromSource {
  let client: String

  init(source: ApplicationRequestContextSource) {
    client = source.channel.remoteAddress?.ipAddress ?? "local"
  }
}

/// From HTTP requests to HTTP answers.
struct Responder: HTTPResponder {
  typealias Context = ConnectionContext

  let service: DetectionService
  let tokens: AccessTokens?
  let hosts: HostNames
  let origins: CrossOrigin
  let held: HeldBytes
  let metrics: ServiceMetrics
  let description: ByteBuffer
  let page: PageFiles
  /// Nil where no labels are kept.
  let labelling: LabellingService?
  let logsPrompts: Bool
  let logger: Logger
  let isDraining: @Sendable () -> Bool

  /// What an answer takes that the server is busy: clients that ask again at once, whatever it says, would otherwise
  /// take the processor from the network.
  private static let refusalTime = Duration.milliseconds(250)

  func respond(to request: Request, context: ConnectionContext) async throws -> Response {
    let start = ContinuousClock.now
    let id = RequestID.of(request.headers)
    var logger = logger
    logger[metadataKey: "request"] = .string(id)
    var operation = "none"
    var response: Response
    do {
      try hosts.check(request.head)
      if let preflight = origins.preflight(request.head) {
        response = Response(status: .noContent, headers: preflight)
      } else if let file = try page.response(to: request.head, path: request.uri.path) {
        operation = "page"
        response = file
      } else {
        let (asked, numbers) = try Operation.of(request.head, path: request.uri.path)
        operation = asked.id.rawValue
        try authorize(request, for: asked)
        response = try await answer(request, asked, numbers, &logger)
      }
    } catch {
      let failure = APIError(error)
      if failure.code == .failed { logger.error("\(error)") }
      if failure.code == .queueFull, !isDraining() { try? await Task.sleep(for: Self.refusalTime) }
      logger[metadataKey: "error"] = .string(failure.code.rawValue)
      let (head, body) = ResponseBytes.error(failure)
      response = Response(status: head.status, headers: head.headerFields, body: .init(byteBuffer: body))
    }
    finish(&response, for: request, id)
    let time = (ContinuousClock.now - start).seconds
    metrics.request(operation, status: response.status.code, seconds: time)
    logger.info(
      "request",
      metadata: [
        "client": .string(context.client), "method": .string(request.method.rawValue),
        "operation": .string(operation),
        "status": .stringConvertible(response.status.code),
        "milliseconds": .stringConvertible((time * 1e4).rounded() / 10),
      ])
    return response
  }

  private func authorize(_ request: Request, for operation: Operation) throws(APIError) {
    guard let tokens, operation.isProtected, !tokens.open(request.headers[.authorization]) else { return }
    throw APIError(
      .unauthorized, "A bearer token that this server knows is needed.",
      headers: [.wwwAuthenticate: "Bearer"])
  }

  private func finish(_ response: inout Response, for request: Request, _ id: String) {
    response.headers[.requestID] = id
    if response.headers[.cacheControl] == nil { response.headers[.cacheControl] = "no-store" }
    response.headers[.xContentTypeOptions] = "nosniff"
    for field in origins.fields(for: request.head) { response.headers[field.name] = field.value }
    if request.method == .head { response = response.createHeadResponse() }
  }

  // MARK: Operations

  private func answer(
    _ request: Request, _ operation: Operation, _ numbers: [String: Int], _ logger: inout Logger
  ) async throws -> Response {
    switch operation.id {
    case .detect:
      let announcement = service.queue.announce()
      defer { announcement.leave() }
      let parsed = try await parse(request, operation, &logger)
      defer { withExtendedLifetime(parsed.body) {} }
      let found = try await service.detect(parsed, announcement: announcement)
      logger[metadataKey: "detections"] = .stringConvertible(found.detections.count)
      guard parsed.request.format != .json else { return try json(found) }
      let picture = try await service.draw(found, parsed.request)
      return ok(parsed.request.format.mediaType, ByteBuffer(bytes: picture))
    case .detectBatch:
      let announcement = service.queue.announce()
      defer { announcement.leave() }
      let parsed = try await parse(request, operation, &logger)
      defer { withExtendedLifetime(parsed.body) {} }
      logger[metadataKey: "pictures"] = .stringConvertible(parsed.request.pictures.count)
      return try await json(service.detectBatch(parsed, announcement: announcement))
    case .listModels: return try json(service.models)
    case .health: return try json(HealthResponse(status: "ok"))
    case .readiness:
      guard !isDraining() else { throw APIError(.notReady, "The server is about to stop.") }
      return try json(HealthResponse(status: "ready"))
    case .metrics:
      let text = metrics.text(queued: service.queue.depth, heldBytes: held.count)
      return ok("text/plain; version=0.0.4; charset=utf-8", ByteBuffer(string: text))
    case .describe: return ok(OutputFormat.json.mediaType, description)
    default:
      guard let labelling else {
        throw APIError(.notFound, "This server keeps no labels; `glip serve --labels FOLDER` does.")
      }
      return try await labelling.answer(request, operation, numbers)
    }
  }

  private func parse(
    _ request: Request, _ operation: Operation, _ logger: inout Logger
  ) async throws -> DetectionService.Parsed {
    guard let input = operation.input else { throw APIError(.failed, "This operation takes no body.") }
    // A full queue is said before a body is sent in vain.
    _ = try service.queue.admit(0)
    let body = try await HeldBody(of: request, in: held, limits: service.limits)
    logger[metadataKey: "bytes"] = .stringConvertible(body.data.count)
    let (header, query) = (request.headers, request.uri.query)
    let parsed = try await service.parse(body) {
      try DetectBody.fields($0, header: header, query: query, of: input)
    }
    if logsPrompts { logger[metadataKey: "prompt"] = .string(parsed.prompt) }
    return parsed
  }

  private func json(_ value: some Encodable) throws -> Response { try Response(json: value) }

  private func ok(_ type: String, _ body: ByteBuffer) -> Response {
    Response(status: .ok, headers: [.contentType: type], body: .init(byteBuffer: body))
  }
}

extension Response {
  init(json value: some Encodable) throws {
    self.init(
      status: .ok, headers: [.contentType: OutputFormat.json.mediaType],
      body: .init(byteBuffer: try ResponseBytes.json(value)))
  }
}
