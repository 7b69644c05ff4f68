import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix

extension Downloader {
  private static let redirectLimit = 8

  /// One attempt: follows redirections to the file and appends to the partial file what is missing.
  ///
  /// Returns the SHA-256 that a server on the way announced.
  func fetch(
    _ source: URL, into partial: PartialFile, progress: @escaping @Sendable (DownloadProgress) -> Void
  ) async throws -> Checksum? {
    var url = source
    var announced: Checksum?
    for _ in 0...Self.redirectLimit {
      let proxy = try proxies.proxy(for: url)
      do {
        let next: URL? = try await HTTPClient.withHTTPClient(configuration: configuration(proxy: proxy)) {
          let response = try await $0.execute(request(for: url, resuming: partial), deadline: .distantFuture)
          // Hugging Face names a large file's SHA-256 where it redirects to the storage.
          announced = announced ?? response.headers.first(name: "x-linked-etag").flatMap(Self.checksum)
          if let next = try Self.redirection(of: response, from: url) { return next }
          try await receive(response, from: url, into: partial, progress: progress)
          return nil
        }
        guard let next else { return announced }
        url = next
      } catch {
        throw Self.explain(error, url: url, proxy: proxy, received: partial.size)
      }
    }
    throw DownloadError.tooManyRedirects(url: source.publicText, limit: Self.redirectLimit)
  }

  private func configuration(proxy: HTTPClient.Configuration.Proxy?) -> HTTPClient.Configuration {
    var configuration = HTTPClient.Configuration(
      redirectConfiguration: .disallow,
      timeout: .init(connect: TimeAmount(connectTimeout), read: TimeAmount(readTimeout)), proxy: proxy)
    configuration.httpVersion = .http1Only  // one stream; HTTP/2 brings nothing here
    configuration.connectionPool.retryConnectionEstablishment = false  // our own repetition is enough
    return configuration
  }

  private func request(for url: URL, resuming partial: PartialFile) -> HTTPClientRequest {
    var request = HTTPClientRequest(url: url.absoluteString)
    request.headers.add(name: "User-Agent", value: "glip")
    request.headers.add(name: "Accept-Encoding", value: "identity")
    if partial.size > 0, let validator = partial.validator {
      request.headers.add(name: "Range", value: "bytes=\(partial.size)-")
      request.headers.add(name: "If-Range", value: validator)
    }
    return request
  }

  private static func checksum(_ header: String) -> Checksum? {
    try? Checksum(header.trimmingCharacters(in: CharacterSet(charactersIn: "\" ")))
  }

  private static func redirection(of response: HTTPClientResponse, from url: URL) throws -> URL? {
    guard [301, 302, 303, 307, 308].contains(response.status.code) else { return nil }
    return try follow(response.headers.first(name: "location") ?? "", from: url)
  }

  /// Where a redirection leads; from https only to https, or to this machine.
  package static func follow(_ location: String, from url: URL) throws(DownloadError) -> URL {
    guard let next = URL(string: location, relativeTo: url)?.absoluteURL, isWeb(next) else {
      throw .badAddress(location)
    }
    let isLoopback = ["localhost", "127.0.0.1", "::1"].contains(next.host())
    if url.scheme?.lowercased() == "https", next.scheme?.lowercased() == "http", !isLoopback {
      throw .insecureRedirect(from: url.publicText, to: next.publicText)
    }
    return next
  }

  static func isWeb(_ url: URL) -> Bool {
    ["http", "https"].contains(url.scheme?.lowercased()) && url.host()?.isEmpty == false
  }

  private func receive(
    _ response: HTTPClientResponse, from url: URL, into partial: PartialFile,
    progress: @escaping @Sendable (DownloadProgress) -> Void
  ) async throws {
    let total = try Self.begin(response, from: url, into: partial)
    var meter = ProgressMeter(startBytes: partial.size, report: progress)
    if total != partial.size {
      if let total { try checkSpace(for: total - partial.size, in: partial.folder) }
      for try await buffer in response.body {
        try buffer.withUnsafeReadableBytes { try partial.append($0) }
        meter.update(received: partial.size, total: total)
      }
    }
    if let total, partial.size != total {
      throw PassingFailure(
        cause: .interrupted(url: url.publicText, received: partial.size, reason: "the connection was closed"))
    }
    meter.update(received: partial.size, total: total, finished: true)
  }

  /// Readies the partial file for the body that follows and returns the whole file's size, where it is known.
  private static func begin(
    _ response: HTTPClientResponse, from url: URL, into partial: PartialFile
  ) throws -> Int64? {
    let tag = response.headers.first(name: "etag")
    let range = response.headers.first(name: "content-range").flatMap(ContentRange.init)
    let status = DownloadError.status(
      url: url.publicText, code: Int(response.status.code), reason: response.status.reasonPhrase)
    switch response.status.code {
    case 200:
      // A weak tag does not promise the same bytes, so it cannot be resumed from.
      try partial.restart(validator: tag.flatMap { $0.hasPrefix("W/") ? nil : $0 })
      return response.headers.first(name: "content-length").flatMap { Int64($0) }
    case 206 where range?.start == partial.size && (tag == nil || tag == partial.validator):
      return range?.total
    case 416 where range?.total == partial.size && partial.size > 0:  // nothing is missing any more
      return partial.size
    case 206, 416:
      try partial.restart(validator: nil)
      throw PassingFailure(cause: status)
    case 408, 425, 429, 500, 502, 503, 504:
      throw PassingFailure(cause: status)
    default:
      throw status
    }
  }

  private func checkSpace(for needed: Int64, in folder: URL) throws {
    guard let available = freeBytes(folder), needed > available else { return }
    throw DownloadError.diskFull(folder: folder.path, needed: needed, available: available)
  }

  /// Puts what the HTTP client throws into our words, and tells what may pass from what will not.
  private static func explain(
    _ error: any Error, url: URL, proxy: HTTPClient.Configuration.Proxy?, received: Int64
  ) -> any Error {
    if error is DownloadError || error is PassingFailure || error is CancellationError { return error }
    let host = proxy?.host ?? url.host() ?? ""
    let port = proxy?.port ?? url.port ?? (url.scheme == "https" ? 443 : 80)
    if let failure = error as? NIOConnectionError {
      if failure.connectionErrors.isEmpty, failure.dnsAError != nil, failure.dnsAAAAError != nil {
        return DownloadError.unknownHost(host)
      }
      if failure.connectionErrors.contains(where: { ($0.error as? IOError)?.errnoCode == ECONNREFUSED }) {
        return DownloadError.refused(host: host, port: port)
      }
    }
    if (error as? IOError)?.errnoCode == ECONNREFUSED { return DownloadError.refused(host: host, port: port) }
    let failure = error as? HTTPClientError
    if failure == .cancelled { return CancellationError() }
    if failure == .proxyAuthenticationRequired || failure == .invalidProxyResponse {
      return DownloadError.proxy(host: host, port: port, reason: failure?.shortDescription ?? "")
    }
    return PassingFailure(
      cause: .interrupted(
        url: url.publicText, received: received, reason: failure?.shortDescription ?? "\(error)"))
  }
}

/// `Content-Range: bytes 100-199/200`, or `bytes */200`.
private struct ContentRange {
  let start: Int64?
  let total: Int64?

  init?(_ header: String) {
    guard let match = header.wholeMatch(of: /bytes\s+(?:(\d+)-\d+|\*)\/(?:(\d+)|\*)/) else { return nil }
    start = match.1.flatMap { Int64($0) }
    total = match.2.flatMap { Int64($0) }
  }
}
