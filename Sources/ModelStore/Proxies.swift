import AsyncHTTPClient
import Foundation

/// The proxies that the environment asks for, as curl reads them: `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and
/// the exceptions of `NO_PROXY`, in lower case first.
package struct Proxies: Sendable {
  private let environment: [String: String]

  package init(environment: [String: String]) {
    self.environment = environment
  }

  /// The proxy for this address, or nil where it is to be reached directly.
  ///
  /// Every address is tunnelled with CONNECT, plain http too.
  package func proxy(for url: URL) throws(DownloadError) -> HTTPClient.Configuration.Proxy? {
    guard let scheme = url.scheme?.lowercased(), !isExempt(url) else { return nil }
    for name in ["\(scheme)_proxy", "all_proxy"] {
      guard let (variable, value) = setting(name) else { continue }
      return try Self.parse(value, variable: variable)
    }
    return nil
  }

  private func setting(_ name: String) -> (variable: String, value: String)? {
    for variable in [name, name.uppercased()] {
      if let value = environment[variable]?.trimmingCharacters(in: .whitespaces), !value.isEmpty {
        return (variable, value)
      }
    }
    return nil
  }

  /// Whether `NO_PROXY` names the host: exactly, as the end of a domain, with a port, or as `*`.
  private func isExempt(_ url: URL) -> Bool {
    guard let list = setting("no_proxy")?.value, let host = url.host()?.lowercased() else { return false }
    let port = url.port ?? (url.scheme?.lowercased() == "https" ? 443 : 80)
    return list.lowercased().split(whereSeparator: { $0 == "," || $0.isWhitespace }).contains { entry in
      if entry == "*" { return true }
      var domain = entry
      // `host:port`, but not the colons of a bare IPv6 address
      if let colon = entry.lastIndex(of: ":"), entry.firstIndex(of: ":") == colon || entry.hasPrefix("["),
        let wanted = Int(entry[entry.index(after: colon)...])
      {
        guard wanted == port else { return false }
        domain = entry[..<colon]
      }
      domain = domain.drop { $0 == "*" || $0 == "." || $0 == "[" }
      if domain.hasSuffix("]") { domain.removeLast() }
      return host == domain || host.hasSuffix(".\(domain)")
    }
  }

  private static func parse(
    _ value: String, variable: String
  ) throws(DownloadError) -> HTTPClient.Configuration.Proxy {
    guard let url = URL(string: value.contains("://") ? value : "http://\(value)"), let host = url.host(),
      !host.isEmpty
    else { throw .badProxy(variable: variable, reason: "it is not an address such as http://host:port") }
    let user = url.user(percentEncoded: false) ?? ""
    switch url.scheme?.lowercased() {
    case "http":
      let password = url.password(percentEncoded: false) ?? ""
      return .server(
        host: host, port: url.port ?? 80,
        authorization: user.isEmpty ? nil : .basic(username: user, password: password))
    case "socks5", "socks5h", "socks":
      guard user.isEmpty else {
        throw .badProxy(variable: variable, reason: "user names are not supported for SOCKS")
      }
      return .socksServer(host: host, port: url.port ?? 1080)
    case let other:
      throw .badProxy(variable: variable, reason: "\(other ?? "") proxies are not supported")
    }
  }
}
