import Crypto
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// The files of the web page. All are read when the server starts, and found by their addresses among those: nothing
/// that a request names ever becomes the path of a file.
///
/// `index.html` is at `/`, any other document `NAME.html` at `/NAME`, and what they load at `/page/`.
struct PageFiles: Sendable {
  private struct File {
    let bytes: ByteBuffer
    let type: String
    /// Tells versions apart.
    let tag: String
  }

  private let files: [String: File]

  /// - Throws: an error of Foundation if the package's resources cannot be read.
  init() throws {
    let folder = Bundle.module.bundleURL.appending(path: "Resources/page")
    var files: [String: File] = [:]
    for url in try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil) {
      guard let type = Self.types[url.pathExtension] else { continue }
      let data = try Data(contentsOf: url)
      let digest = SHA256.hash(data: data).prefix(12).map { String(format: "%02x", $0) }.joined()
      files[Self.address(url)] = File(bytes: ByteBuffer(bytes: data), type: type, tag: "\"\(digest)\"")
    }
    self.files = files
  }

  private static let types = [
    "html": "text/html; charset=utf-8", "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml", "jpg": "image/jpeg",
  ]

  private static func address(_ url: URL) -> String {
    guard url.pathExtension == "html" else { return "/page/" + url.lastPathComponent }
    let name = url.deletingPathExtension().lastPathComponent
    return name == "index" ? "/" : "/" + name
  }

  /// The answer to a request; nil where the page has no file.
  func response(to request: HTTPRequest, path: String) throws(APIError) -> Response? {
    guard let file = files[path] else { return nil }
    guard request.method == .get || request.method == .head else {
      throw APIError.methodNotAllowed([.get, .head])
    }
    var headers = Self.headers
    headers[.eTag] = file.tag
    if let known = request.headerFields[.ifNoneMatch], Self.list(known).contains(file.tag) {
      return Response(status: .notModified, headers: headers)
    }
    headers[.contentType] = file.type
    return Response(status: .ok, headers: headers, body: .init(byteBuffer: file.bytes))
  }

  private static func list(_ field: String) -> [String] {
    field.split(separator: ",").map { item in
      let item = item.trimmingCharacters(in: .whitespaces)
      return item.hasPrefix("W/") ? String(item.dropFirst(2)) : item
    }
  }

  /// Nothing but the page's own files runs or is loaded, and no other site may frame it. Text never becomes markup.
  private static let headers: HTTPFields = [
    // A copy is asked after before it is used, so that a newer server is never met by an older page.
    .cacheControl: "no-cache",
    .contentSecurityPolicy: [
      "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' blob: data:",
      "media-src 'self' blob:", "connect-src 'self'", "base-uri 'none'", "form-action 'none'",
      "frame-ancestors 'none'", "require-trusted-types-for 'script'", "trusted-types 'none'",
    ].joined(separator: "; "),
    .permissionsPolicy: "camera=(self), microphone=(), geolocation=(), display-capture=()",
    .referrerPolicy: "no-referrer",
    .crossOriginResourcePolicy: "same-origin",
  ]
}

extension HTTPField.Name {
  fileprivate static let permissionsPolicy = HTTPField.Name("Permissions-Policy")!
  fileprivate static let referrerPolicy = HTTPField.Name("Referrer-Policy")!
}
