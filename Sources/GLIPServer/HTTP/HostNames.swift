import Foundation
import HTTPTypes

/// The names by which the server lets itself be asked.
///
/// The owner of a domain can have it lead to somebody else's machine once that somebody's browser has loaded a page from
/// it (DNS rebinding). To the browser the page and this server are then one site. The name still stands in the request,
/// and it has a dot, as all names do that can be owned.
struct HostNames: Sendable {
  /// Names with a dot that may be used; `*` for all.
  let allowed: Set<String>

  /// - Throws: `APIError.Code.wrongHost` for a request that asks by a name which is not allowed.
  func check(_ request: HTTPRequest) throws(APIError) {
    guard !allowed.contains("*"), let authority = request.authority?.lowercased() else { return }
    let name = Self.name(in: authority)
    guard !name.contains(".") || Self.isAddress(name) || allowed.contains(name) else {
      throw APIError(
        .wrongHost, "This server does not answer to this name; `glip serve --allow-host NAME` lets it.")
    }
  }

  /// What stands before the port; of an address in brackets, what they hold.
  private static func name(in authority: String) -> String {
    if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") {
      return String(authority[authority.index(after: authority.startIndex)..<end])
    }
    let name = authority.prefix { $0 != ":" }
    // A name may end with the root's dot.
    return String(name.hasSuffix(".") ? name.dropLast() : name)
  }

  private static func isAddress(_ name: String) -> Bool {
    var (four, six) = (in_addr(), in6_addr())
    return inet_pton(AF_INET, name, &four) == 1 || inet_pton(AF_INET6, name, &six) == 1
  }
}
