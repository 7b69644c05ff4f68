import HTTPTypes

/// Which pages of other sites may use the service (CORS).
struct CrossOrigin: Sendable {
  /// Origins, or `*`.
  let allowed: Set<String>

  /// What an answer says of it.
  func fields(for request: HTTPRequest) -> HTTPFields {
    guard let origin = request.headerFields[.origin], !allowed.isEmpty else { return [:] }
    guard allowed.contains(origin) || allowed.contains("*") else { return [.vary: "Origin"] }
    return [
      .accessControlAllowOrigin: allowed.contains("*") ? "*" : origin, .vary: "Origin",
      .accessControlExposeHeaders: "X-Request-Id, Retry-After",
    ]
  }

  /// The answer to the question a browser asks before it sends a request; nil for any other request.
  func preflight(_ request: HTTPRequest) -> HTTPFields? {
    guard request.method == .options, request.headerFields[.accessControlRequestMethod] != nil else {
      return nil
    }
    var fields = fields(for: request)
    guard fields[.accessControlAllowOrigin] != nil else { return nil }
    fields[.accessControlAllowMethods] = "GET, POST"
    fields[.accessControlAllowHeaders] = "Authorization, Content-Type, X-Request-Id"
    fields[.accessControlMaxAge] = "600"
    return fields
  }
}
