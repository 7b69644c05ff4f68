import AsyncHTTPClient
import Foundation
import Hummingbird
import ModelStore
import Testing

private let file = ServedFile(bytes: Array("weights".utf8))

private func fetch(_ url: URL, environment: [String: String]) async throws -> Int64 {
  let folder = FileManager.default.temporaryDirectory.appending(path: "glip-\(UUID().uuidString)")
  defer { try? FileManager.default.removeItem(at: folder) }
  let downloader = Downloader(environment: environment)
  return try await downloader.download(url, to: folder.appending(path: "f")).bytes
}

@Test func aProxyOfTheEnvironmentIsUsedWithItsCredentials() async throws {
  let credentials = Data("user:p@ss".utf8).base64EncodedString()
  try await LoopbackServer.run { request, _ in
    file.answer(request)
  } _: { url, _ in
    try await LoopbackProxy.run(requiring: credentials) { port, proxy in
      let environment = ["http_proxy": "http://user:p%40ss@127.0.0.1:\(port)"]
      let bytes = try await fetch(url, environment: environment)
      #expect(bytes == 7)
      let heads = proxy.heads.withLock { $0 }
      #expect(heads.count == 1)
      #expect(heads.first?.hasPrefix("CONNECT 127.0.0.1:\(url.port ?? 0) HTTP/1.1\r\n") == true)
    }
  }
}

@Test func aProxyThatAsksForCredentialsIsNamedInTheError() async throws {
  try await LoopbackServer.run { request, _ in
    file.answer(request)
  } _: { url, _ in
    try await LoopbackProxy.run(requiring: "secret") { port, _ in
      let error = await #expect(throws: DownloadError.self) {
        try await fetch(url, environment: ["ALL_PROXY": "127.0.0.1:\(port)"])
      }
      #expect(error?.description.contains("127.0.0.1:\(port)") == true)
    }
  }
}

@Test func aHostInNoProxyIsReachedDirectly() async throws {
  try await LoopbackServer.run { request, _ in
    file.answer(request)
  } _: { url, _ in
    try await LoopbackProxy.run { port, proxy in
      let environment = ["http_proxy": "http://127.0.0.1:\(port)", "NO_PROXY": "other.example, 127.0.0.1"]
      let bytes = try await fetch(url, environment: environment)
      #expect(bytes == 7)
      #expect(proxy.heads.withLock { $0.isEmpty })
    }
  }
}

@Test(arguments: [
  ("a.example", true), ("sub.a.example", true), ("b.example", false), ("aa.example", false),
  ("c.example", true), ("c.example:8443", false), ("d.example:8443", true), ("d.example", false),
  ("[::1]", true),
])
func noProxyNamesDomainsAndPorts(host: String, isExempt: Bool) throws {
  let proxies = Proxies(environment: [
    "HTTPS_PROXY": "proxy.example:3128", "no_proxy": ".a.example,*.c.example:443,d.example:8443 ::1",
  ])
  let url = try #require(URL(string: "https://\(host)/x"))
  #expect(try (proxies.proxy(for: url) == nil) == isExempt)
}

@Test func aStarInNoProxyTurnsProxiesOff() throws {
  let proxies = Proxies(environment: ["ALL_PROXY": "http://proxy.example", "NO_PROXY": "*"])
  #expect(try proxies.proxy(for: #require(URL(string: "https://a.example"))) == nil)
}

@Test func theSchemeChoosesTheVariableAndLowerCaseComesFirst() throws {
  let proxies = Proxies(environment: [
    "https_proxy": "one.example:1", "HTTPS_PROXY": "two.example:2", "ALL_PROXY": "socks5://three.example",
    "HTTP_PROXY": " ",
  ])
  let secure = try proxies.proxy(for: #require(URL(string: "https://a.example")))
  #expect(secure == .server(host: "one.example", port: 1))
  let plain = try proxies.proxy(for: #require(URL(string: "http://a.example")))
  #expect(plain == .socksServer(host: "three.example", port: 1080))
}

@Test(arguments: ["https://proxy.example", "socks5://user@proxy.example", "http://"])
func aProxyThatCannotBeUsedIsNamedByItsVariable(value: String) throws {
  let url = try #require(URL(string: "https://a.example"))
  let error = #expect(throws: DownloadError.self) {
    try Proxies(environment: ["HTTPS_PROXY": value]).proxy(for: url)
  }
  #expect(error?.description.contains("HTTPS_PROXY") == true)
}
