import Foundation
import Testing

/// The page's files, as they come over HTTP.
struct PageFilesTests {
  private static let files = [
    "/": "text/html; charset=utf-8", "/page/style.css": "text/css; charset=utf-8",
    "/page/detect.js": "text/javascript; charset=utf-8", "/page/icon.svg": "image/svg+xml",
    "/page/coffee.jpg": "image/jpeg", "/page/scene.jpg": "image/jpeg",
  ]

  @Test("every file has its type, and a policy under which nothing but the page's own files is loaded")
  func headers() async throws {
    try await Served.run { served in
      for (path, type) in Self.files {
        let answer = try await served.get(path)
        #expect(answer.status == 200 && answer["content-type"] == type && !answer.body.isEmpty)
        let policy = try #require(answer["content-security-policy"]).components(separatedBy: "; ")
        #expect(policy.contains("default-src 'none'") && policy.contains("script-src 'self'"))
        #expect(policy.contains("frame-ancestors 'none'") && !policy.contains { $0.contains("unsafe") })
        #expect(answer["permissions-policy"]?.hasPrefix("camera=(self)") == true)
        #expect(answer["referrer-policy"] == "no-referrer" && answer["x-content-type-options"] == "nosniff")
      }
    }
  }

  @Test("a file that the browser has is not sent again")
  func tags() async throws {
    try await Served.run { served in
      for path in Self.files.keys {
        let tag = try #require(try await served.get(path)["etag"])
        for known in [tag, "W/\(tag)", "\"other\", \(tag)"] {
          let answer = try await served.get(path, fields: ["If-None-Match": known])
          #expect(answer.status == 304 && answer.body.isEmpty && answer["etag"] == tag)
        }
        #expect(try await served.get(path, fields: ["If-None-Match": "\"other\""]).status == 200)
      }
    }
  }

  @Test("nothing but the page's files is found, and nothing is done but reading them")
  func others() async throws {
    try await Served.run { served in
      for path in [
        "/page/", "/page", "/page/index.html", "/index.html", "/page/../style.css", "/page/%2e%2e/style.css",
        "/page/nothing.js", "/page//style.css", "/page/style.css/", "/page/style%2ecss", "/style.css",
        "/page/..%2f..%2f..%2fetc%2fpasswd",
      ] {
        expectError(try await served.get(path), 404, "not_found")
      }
      let posted = try await served.send("POST", "/page/style.css")
      expectError(posted, 405, "method_not_allowed")
      #expect(posted["allow"] == "GET, HEAD")
    }
  }

  @Test("everything that the page's files name is there, and none of it elsewhere")
  func references() async throws {
    try await Served.run { served in
      var seen: Set<String> = []
      var open = ["/"]
      while let path = open.popLast() {
        guard seen.insert(path).inserted else { continue }
        let answer = try await served.get(path)
        #expect(answer.status == 200, "\(path)")
        guard answer["content-type"]?.hasPrefix("image/") == false else { continue }
        let base = try #require(URL(string: path, relativeTo: URL(string: "http://here/")))
        #expect(!answer.text.contains("https://"), "\(path)")
        for match in answer.text.matches(of: /(?:src=|href=|from |import )"([^"]+)"/) {
          open.append(try #require(URL(string: String(match.1), relativeTo: base)).path)
        }
      }
      #expect(seen.count > 8)
    }
  }
}
