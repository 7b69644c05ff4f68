import Foundation
import Pictures
import Testing

/// Requests that are wrong in one way each.
struct RefusalTests {
  private let png: Data
  private var code: String { png.base64EncodedString() }

  init() throws { png = try TestPicture.png() }

  @Test("fields that are missing, unknown, doubled, out of range or of the wrong type")
  func fields() async throws {
    let code = code
    try await Served.run { served in
      let wrong: [[String: Any]] = [
        [:], ["picture": code], ["classes": ["cat"]], ["picture": code, "classes": ["cat"], "prompt": "cat"],
        ["picture": code, "classes": ["cat"], "colour": 1], ["picture": 5, "classes": ["cat"]],
        ["picture": code, "classes": ["cat"], "threshold": 2],
        ["picture": code, "classes": ["cat"], "threshold": true],
        ["picture": code, "classes": ["cat"], "threshold": "0.5"],
        ["picture": code, "classes": ["cat"], "max_detections": 0],
        ["picture": code, "classes": ["cat"], "max_detections": 1.5],
        ["picture": code, "classes": ["cat"], "max_detections": 1001],
        ["picture": code, "classes": ["cat"], "format": "gif"], ["picture": code, "classes": [1]],
        ["picture": code, "classes": NSNull()], ["picture": "?", "classes": ["cat"]],
        ["picture": code, "classes": Array(repeating: "x", count: 201)],
        ["picture": code, "prompt": String(repeating: "a", count: 4001)],
      ]
      for fields in wrong { expectError(try await served.post(fields), 400, "invalid_field") }
      let forms: [[(String, Data)]] = [
        [("picture", png), ("picture", png), ("classes", Data("cat"))],
        [("picture", png), ("prompt", Data([0xFF, 0xFE]))],
        [("picture", png), ("classes", Data("cat")), ("threshold", Data("nan"))],
        [("picture", png), ("classes", Data("cat")), ("threshold", Data("much"))],
        [("pictures", png), ("classes", Data("cat"))],
      ]
      for form in forms { expectError(try await served.post(form: form), 400, "invalid_field") }
      for query in ["", "?classes=cat&prompt=cat", "?classes=cat&what=1", "?classes=cat&threshold=-1"] {
        expectError(
          try await served.send("POST", "/v1/detect" + query, type: "image/png", body: png), 400,
          "invalid_field")
      }
      let answer = try await Connection.exchange(
        port: served.port,
        "POST /v1/detect?classes=%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: image/png\r\n"
          + "Content-Length: 0\r\n\r\n")
      #expect(answer.hasPrefix("HTTP/1.1 400 ") && answer.contains("malformed_request"))
    }
  }

  @Test("bodies that are not what they say")
  func bodies() async throws {
    try await Served.run { served in
      let form = Form.body([("picture", png), ("classes", Data("cat"))])
      for count in stride(from: 0, to: form.count - 4, by: 97) {
        let answer = try await served.send(
          "POST", "/v1/detect", type: "multipart/form-data; boundary=xyz", body: form.prefix(count))
        expectError(answer, 400, "malformed_request")
      }
      for type in [
        "multipart/form-data", "multipart/form-data; boundary=no",
      ] {
        expectError(
          try await served.send("POST", "/v1/detect", type: type, body: form), 400, "malformed_request")
      }
      for text in [
        "", "{", "[]", "[null, null]", "1", "null", "\"x\"", "{\"picture\":}",
        String(repeating: "[", count: 100_000),
      ] {
        expectError(
          try await served.send("POST", "/v1/detect", type: "application/json", body: Data(text)), 400,
          "malformed_request")
      }
      for type in [
        nil, "text/plain", "application/x-www-form-urlencoded", "image", "image/svg+xml", ";",
        "multipart/form-data; boundary=",
      ] {
        expectError(
          try await served.send("POST", "/v1/detect?classes=cat", type: type, body: png), 415,
          "unsupported_media_type")
      }
      expectError(
        try await served.send(
          "POST", "/v1/detect", type: "application/json", body: Data("{}"),
          fields: ["Content-Encoding": "gzip"]), 415, "unsupported_media_type")
    }
  }

  @Test("pictures that are broken, or would be too large, and prompts that name nothing")
  func pictures() async throws {
    try await Served.run {
      $0.limits.picturePixels = 10_000
    } _: { served in
      func send(_ picture: Data, _ classes: String = "cat") async throws -> Answer {
        try await served.post(form: [("picture", picture), ("classes", Data(classes))])
      }
      for picture in [Data(), Data("GIF89a"), png.prefix(60), Data("junk"), png.prefix(png.count / 2)] {
        expectError(try await send(picture), 422, "broken_picture")
      }
      expectError(try await send(TestPicture.png(width: 200, height: 100)), 422, "picture_too_large")
      // A bomb: the header claims 60,000 pixels a side.
      var bomb = png
      bomb.replaceSubrange(16..<24, with: [0, 0, 0xEA, 0x60, 0, 0, 0xEA, 0x60])
      expectError(try await send(bomb), 422, "picture_too_large")
      for classes in ["", " , ", "cat, cat", "(x)"] {
        expectError(try await send(png, classes), 422, "unusable_prompt")
      }
      expectError(
        try await served.post(form: [("picture", png), ("caption", Data("[a cat"))]), 422, "unusable_prompt")
    }
  }

  @Test("paths and methods that there are not")
  func paths() async throws {
    try await Served.run { served in
      for path in [
        "/v1", "/v1/", "/v1/detect/", "//v1/detect", "/v1/detect/../models", "/v1/%64etect", "/../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd", "/v1/models%00", "/V1/MODELS", "/.git/config", "/v1/models;x",
      ] {
        expectError(try await served.get(path), 404, "not_found")
      }
      for (method, path, allow) in [
        ("GET", "/v1/detect", "POST"), ("POST", "/v1/models", "GET, HEAD"), ("DELETE", "/", "GET, HEAD"),
        ("OPTIONS", "/v1/detect", "POST"), ("PATCH", "/healthz", "GET, HEAD"),
      ] {
        let answer = try await served.send(method, path)
        expectError(answer, 405, "method_not_allowed")
        #expect(answer["allow"] == allow)
      }
    }
  }

  @Test("a body that is too long, announced or not")
  func length() async throws {
    try await Served.run {
      $0.limits.bodyBytes = 20_000
    } _: { served in
      let answer = try await served.send(
        "POST", "/v1/detect?classes=cat", type: "image/png", body: Data(count: 20_001))
      expectError(answer, 413, "request_too_large")
      let chunk = "4e20\r\n" + String(repeating: "x", count: 20_000) + "\r\n"
      let answers = try await Connection.exchange(
        port: served.port,
        "POST /v1/detect?classes=cat HTTP/1.1\r\nHost: x\r\nContent-Type: image/png\r\n"
          + "Transfer-Encoding: chunked\r\n\r\n" + chunk + chunk)
      #expect(answers.hasPrefix("HTTP/1.1 413 ") && answers.contains("request_too_large"))
    }
  }

  @Test("a full queue says when to come back")
  func full() async throws {
    try await Served.run {
      $0.limits.queuedPictures = 2
    } _: { served in
      let batch = try await served.post(
        form: [("classes", Data("cat"))] + (0..<3).map { _ in ("pictures", png) }, to: "/v1/detect/batch")
      expectError(batch, 429, "queue_full")
      #expect(Int(batch["retry-after"] ?? "") ?? 0 >= 1)
      #expect(try await served.post(form: [("picture", png), ("classes", Data("cat"))]).status == 200)
    }
    try await Served.run {
      $0.limits.heldBytes = 100
    } _: { served in
      let answer = try await served.post(form: [("picture", png), ("classes", Data("cat"))])
      expectError(answer, 429, "queue_full")
    }
  }

  @Test("a request that waited too long is told so")
  func late() async throws {
    try await Served.run {
      $0.limits.waitingTime = .zero
    } _: { served in
      let answer = try await served.post(form: [("picture", png), ("classes", Data("cat"))])
      expectError(answer, 503, "waited_too_long")
    }
  }
}
