import HTTPTypes

/// Keeps pages of other sites from changing anything with the browser of somebody who may (CSRF).
enum SameOrigin {
  /// Browsers say on whose behalf they send; programs, which say nothing, are let through.
  ///
  /// - Throws: `APIError.Code.crossSite` for a request to change something that another site's page has made.
  static func check(_ request: HTTPRequest) throws(APIError) {
    guard request.method != .get, request.method != .head else { return }
    if let site = request.headerFields[.fetchSite], site != "same-origin", site != "none" { throw refusal }
    guard let origin = request.headerFields[.origin] else { return }
    let host = origin.split(separator: "://", maxSplits: 1).last ?? ""
    guard origin.contains("://"), host.lowercased() == request.authority?.lowercased() else { throw refusal }
  }

  private static let refusal = APIError(
    .crossSite, "Only this server's own page, and programs, may change labels.")
}

extension HTTPField.Name {
  fileprivate static let fetchSite = HTTPField.Name("Sec-Fetch-Site")!
}
