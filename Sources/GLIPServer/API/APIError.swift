import HTTPTypes

/// Why a request is not answered with what it asks for.
struct APIError: Error {
  let code: Code
  /// One sentence.
  let message: String
  /// Further fields of the answer's header.
  var headers: HTTPFields = [:]

  init(_ code: Code, _ message: String, headers: HTTPFields = [:]) {
    self.code = code
    self.message = message
    self.headers = headers
  }

  /// - Parameter methods: those that the path has.
  static func methodNotAllowed(_ methods: [HTTPRequest.Method]) -> APIError {
    APIError(
      .methodNotAllowed, "This path takes \(methods.map(\.rawValue).joined(separator: " and ")) only.",
      headers: [.allow: methods.map(\.rawValue).joined(separator: ", ")])
  }

  /// The kinds of errors, by the names that clients see.
  enum Code: String, CaseIterable, Encodable {
    case malformedRequest = "malformed_request"
    case invalidField = "invalid_field"
    case unauthorized
    case crossSite = "cross_site"
    case wrongHost = "wrong_host"
    case notFound = "not_found"
    case methodNotAllowed = "method_not_allowed"
    case requestTimeout = "request_timeout"
    case nameTaken = "name_taken"
    case outOfDate = "out_of_date"
    case requestTooLarge = "request_too_large"
    case unsupportedMediaType = "unsupported_media_type"
    case brokenPicture = "broken_picture"
    case pictureTooLarge = "picture_too_large"
    case unusablePrompt = "unusable_prompt"
    case queueFull = "queue_full"
    case headerTooLarge = "header_too_large"
    case failed
    case waitedTooLong = "waited_too_long"
    case notReady = "not_ready"
    case storeFull = "store_full"

    var status: HTTPResponse.Status {
      switch self {
      case .malformedRequest, .invalidField: .badRequest
      case .unauthorized: .unauthorized
      case .crossSite, .wrongHost: .forbidden
      case .notFound: .notFound
      case .methodNotAllowed: .methodNotAllowed
      case .requestTimeout: .requestTimeout
      case .nameTaken, .outOfDate: .conflict
      case .requestTooLarge: .contentTooLarge
      case .unsupportedMediaType: .unsupportedMediaType
      case .brokenPicture, .pictureTooLarge, .unusablePrompt: .unprocessableContent
      case .queueFull: .tooManyRequests
      case .headerTooLarge: .requestHeaderFieldsTooLarge
      case .failed: .internalServerError
      case .waitedTooLong, .notReady: .serviceUnavailable
      case .storeFull: HTTPResponse.Status(code: 507, reasonPhrase: "Insufficient Storage")
      }
    }

    /// When it happens, for the description of the interface.
    var meaning: String {
      switch self {
      case .malformedRequest: "The request or its body does not have the form its Content-Type announces."
      case .invalidField: "A field is missing, unknown, given twice, or out of its range."
      case .unauthorized: "The request carries no bearer token that the server knows."
      case .crossSite: "A page of another site has made the request."
      case .wrongHost: "The request asks by a name that the server does not answer to."
      case .notFound: "There is nothing at this path."
      case .methodNotAllowed: "The path does not have this method; Allow names those it has."
      case .requestTimeout: "The body did not arrive in time."
      case .nameTaken: "Another project has this name."
      case .outOfDate: "The boxes were changed elsewhere meanwhile; they have to be fetched again."
      case .requestTooLarge: "The body is longer than the server accepts."
      case .unsupportedMediaType: "The body is of a type or encoding that the operation does not take."
      case .brokenPicture: "What was sent is not a whole picture in a known format."
      case .pictureTooLarge: "The picture has more pixels than the server decodes."
      case .unusablePrompt: "The network cannot be asked for this."
      case .queueFull: "Too many pictures are waiting; Retry-After says when to try again."
      case .headerTooLarge: "The header is longer than the server accepts."
      case .failed: "The server could not do what it should have."
      case .waitedTooLong: "The network was busy for longer than a request may wait."
      case .notReady: "The server is about to stop."
      case .storeFull: "The server keeps as much as it may."
      }
    }
  }
}

/// An error as clients see it.
struct ErrorBody: Encodable {
  struct Content: Encodable {
    let code: APIError.Code
    let message: String
  }

  let error: Content

  init(_ error: APIError) { self.error = Content(code: error.code, message: error.message) }
}
