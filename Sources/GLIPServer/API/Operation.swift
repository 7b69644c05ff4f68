import HTTPTypes

/// What can be asked of the server. Requests are dispatched by this list, and the description of the interface is
/// written from it.
struct Operation: Sendable {
  enum ID: String, CaseIterable {
    case detect, detectBatch, listModels, health, readiness, metrics, describe
  }

  /// The body of a request for detections.
  struct Input: Sendable {
    let fields: [RequestField]
    /// Whether a picture's bytes may be the body.
    let takesBytes: Bool
  }

  /// What a request that succeeds gets.
  enum Output {
    case json(schema: String)
    /// Detections as JSON, or the annotated picture.
    case detections
    case text(type: String)
    /// The description itself.
    case description
  }

  let id: ID
  let method: HTTPRequest.Method
  let path: String
  let summary: String
  /// Whether a token is asked for where the server has some.
  var isProtected = true
  var input: Input?
  let output: Output
  /// What may go wrong, apart from what can with any request.
  var errors: [APIError.Code] = []

  static let all: [Operation] = [
    Operation(
      id: .detect, method: .post, path: "/v1/detect",
      summary: "Find in one picture what a prompt names.",
      input: Input(fields: RequestField.allCases.filter { $0 != .pictures }, takesBytes: true),
      output: .detections, errors: detectionErrors),
    Operation(
      id: .detectBatch, method: .post, path: "/v1/detect/batch",
      summary: "Find in several pictures what a prompt names; a picture that cannot be read spoils no other.",
      input: Input(
        fields: RequestField.allCases.filter { $0 != .picture && $0 != .format }, takesBytes: false),
      output: .json(schema: "BatchResponse"), errors: detectionErrors),
    Operation(
      id: .listModels, method: .get, path: "/v1/models", summary: "Which networks the server runs.",
      output: .json(schema: "ModelsResponse")),
    Operation(
      id: .health, method: .get, path: "/healthz", summary: "Whether the server lives.", isProtected: false,
      output: .json(schema: "HealthResponse")),
    Operation(
      id: .readiness, method: .get, path: "/readyz", summary: "Whether the server takes requests.",
      isProtected: false, output: .json(schema: "HealthResponse"), errors: [.notReady]),
    Operation(
      id: .metrics, method: .get, path: "/metrics", summary: "Counts and times, for Prometheus.",
      output: .text(type: "text/plain; version=0.0.4; charset=utf-8")),
    Operation(
      id: .describe, method: .get, path: "/openapi.json", summary: "This description.", isProtected: false,
      output: .description),
  ]

  private static let detectionErrors: [APIError.Code] = [
    .malformedRequest, .invalidField, .requestTimeout, .requestTooLarge, .unsupportedMediaType,
    .brokenPicture, .pictureTooLarge, .unusablePrompt, .queueFull, .failed, .waitedTooLong, .notReady,
  ]

  /// What may go wrong.
  var allErrors: [APIError.Code] {
    (isProtected ? [.unauthorized] : []) + errors
      + [.methodNotAllowed, .headerTooLarge].filter { !errors.contains($0) }
  }

  /// The operation of a request, or why there is none. A HEAD is a GET whose body nobody wants.
  static func of(_ request: HTTPRequest, path: String) throws(APIError) -> Operation {
    let here = all.filter { $0.path == path }
    guard !here.isEmpty else { throw APIError(.notFound, "There is nothing at this path.") }
    let method = request.method == .head ? .get : request.method
    if let operation = here.first(where: { $0.method == method }) { return operation }
    let methods = here.flatMap { $0.method == .get ? [$0.method, .head] : [$0.method] }
    throw APIError.methodNotAllowed(methods)
  }
}
