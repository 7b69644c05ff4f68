import Foundation

/// Why a file could not be fetched. Credentials and queries of addresses are never part of the text.
public enum DownloadError: Error, Equatable {
  /// The address is not an absolute http or https URL.
  case badAddress(String)
  /// The proxy setting of that environment variable cannot be used.
  case badProxy(variable: String, reason: String)
  /// The expected checksum is not 64 hexadecimal digits.
  case badChecksum(String)
  /// The name server does not know the host.
  case unknownHost(String)
  /// Nothing accepts connections there (the proxy, when one is in use).
  case refused(host: String, port: Int)
  /// The proxy did not open a connection to the server.
  case proxy(host: String, port: Int, reason: String)
  /// The server answered with a status that is not a file.
  case status(url: String, code: Int, reason: String)
  /// More redirections than a file should need, or a circle of them.
  case tooManyRedirects(url: String, limit: Int)
  /// A redirection that would leave https.
  case insecureRedirect(from: String, to: String)
  /// The connection kept failing; what has arrived is kept, and the next attempt goes on from there.
  case interrupted(url: String, received: Int64, reason: String)
  /// The file that arrived is not the one expected; it has been removed.
  case checksumMismatch(file: String, expected: String, received: String)
  /// The file system has too little room. Both in bytes.
  case diskFull(folder: String, needed: Int64, available: Int64)
  /// Another download is writing the same file.
  case busy(file: String)
  /// The file could not be written or read.
  case file(path: String, reason: String)
}

extension DownloadError: CustomStringConvertible, LocalizedError {
  public var description: String {
    switch self {
    case .badAddress(let text):
      "“\(text)” is not an http or https address."
    case .badProxy(let variable, let reason):
      "The proxy in \(variable) cannot be used: \(reason)."
    case .badChecksum(let text):
      "“\(text)” is not a SHA-256 checksum of 64 hexadecimal digits."
    case .unknownHost(let host):
      "The host \(host) was not found: this machine is offline, or behind a proxy that HTTPS_PROXY should name."
    case .refused(let host, let port):
      "\(host) accepts no connection on port \(port)."
    case .proxy(let host, let port, let reason):
      "The proxy at \(host):\(port) opens no connection: \(reason)."
    case .status(let url, let code, let reason):
      "\(url) was answered with \(code) \(reason)\(code == 404 ? ": the file is not there" : "")."
    case .tooManyRedirects(let url, let limit):
      "\(url) redirects more than \(limit) times."
    case .insecureRedirect(let from, let to):
      "\(from) redirects to the unencrypted \(to), which is not followed."
    case .interrupted(let url, let received, let reason):
      "\(url) broke off after \(received) bytes (\(reason)); run the same command again to go on from there."
    case .checksumMismatch(let file, let expected, let received):
      "\(file) has SHA-256 \(received) instead of \(expected)."
    case .diskFull(let folder, let needed, let available):
      "\(folder) has room for \(available) bytes, and \(needed) more are needed."
    case .busy(let file):
      "Another download is writing \(file)."
    case .file(let path, let reason):
      "\(path) could not be written: \(reason.hasSuffix(".") ? String(reason.dropLast()) : reason)."
    }
  }

  public var errorDescription: String? { description }
}

extension URL {
  /// The address without user, password, query and fragment, which may hold secrets.
  var publicText: String {
    guard var parts = URLComponents(url: self, resolvingAgainstBaseURL: true) else { return host() ?? "" }
    parts.user = nil
    parts.password = nil
    parts.query = nil
    parts.fragment = nil
    return parts.string ?? host() ?? ""
  }
}
