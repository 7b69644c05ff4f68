import HTTPTypes

/// What can be asked of the server. Requests are dispatched by this list, and the description of the interface is
/// written from it.
struct Operation: Sendable {
  enum ID: String, CaseIterable {
    case detect, detectBatch, listModels, health, readiness, metrics, describe
    case listProjects, createProject, showProject, changeProject, deleteProject
    case listPictures, addPictures, showPicture, deletePicture, showThumbnail
    case showBoxes, setBoxes, startDetecting, showDetecting, stopDetecting, exportLabels
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
    /// A file of one of these types.
    case file(types: [String])
    /// The description itself.
    case description
  }

  let id: ID
  let method: HTTPRequest.Method
  /// Parts in braces stand for numbers: `/v1/projects/{project}`.
  let path: String
  let summary: String
  /// Whether a token is asked for where the server has some.
  var isProtected = true
  var input: Input?
  /// The body of a request about labels.
  var labels: LabelInput?
  /// What may be in the address beside a request about labels.
  var query: [LabelQuery] = []
  let output: Output
  /// What may go wrong, apart from what can with any request.
  var errors: [APIError.Code] = []

  static let all = plain + labelling

  private static let plain: [Operation] = [
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
      + [.wrongHost, .methodNotAllowed, .headerTooLarge].filter { !errors.contains($0) }
  }

  /// The operation of a request and the numbers in its path, or why there is none. A HEAD is a GET whose body nobody
  /// wants.
  static func of(
    _ request: HTTPRequest, path: String
  ) throws(APIError) -> (operation: Operation, numbers: [String: Int]) {
    let here = all.compactMap { operation in operation.numbers(in: path).map { (operation, $0) } }
    guard !here.isEmpty else { throw APIError(.notFound, "There is nothing at this path.") }
    let method = request.method == .head ? .get : request.method
    if let found = here.first(where: { $0.0.method == method }) { return found }
    throw APIError.methodNotAllowed(
      here.flatMap { $0.0.method == .get ? [.get, .head] : [$0.0.method] })
  }

  /// The names of the numbers in the path.
  var parameters: [String] {
    path.split(separator: "/").filter { $0.hasPrefix("{") }.map { String($0.dropFirst().dropLast()) }
  }

  /// The numbers that stand in a path in place of names in braces; nil for a path of something else.
  private func numbers(in other: String) -> [String: Int]? {
    let (own, parts) = (
      path.split(separator: "/", omittingEmptySubsequences: false),
      other.split(separator: "/", omittingEmptySubsequences: false)
    )
    guard own.count == parts.count else { return nil }
    var numbers: [String: Int] = [:]
    for (name, part) in zip(own, parts) {
      if name.hasPrefix("{") {
        guard part.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(part) else { return nil }
        numbers[String(name.dropFirst().dropLast())] = number
      } else if name != part {
        return nil
      }
    }
    return numbers
  }
}
