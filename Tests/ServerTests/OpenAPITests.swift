import Foundation
import Testing

/// The description of the interface, held against what the server does.
struct OpenAPITests {
  private let png: Data

  init() throws { png = try TestPicture.png() }

  @Test("every operation, type and error of the description is what the server does")
  func agreement() async throws {
    let code = png.base64EncodedString()
    try await Served.run {
      $0.limits.bodyBytes = 100_000
    } _: { served in
      let document = try await Description(served.get("/openapi.json").json)
      var seen: Set<String> = []
      func check(
        _ answer: Answer, _ method: String, _ path: String, location: SourceLocation = #_sourceLocation
      ) throws {
        try document.check(answer, method, path, location)
        seen.insert("\(method) \(path) \(answer.status)")
      }
      // Labels have tests of their own.
      for (path, operations) in document.paths where !path.hasPrefix("/v1/projects") {
        for method in operations.keys {
          // No path has all methods.
          let wrong = try await served.send(method == "get" ? "POST" : "GET", path)
          #expect(wrong.status == 405)
          try check(wrong, method, path)
          let misled = try await served.send(method.uppercased(), path, fields: ["Host": "a.example"])
          #expect(misled.status == 403)
          try check(misled, method, path)
          if method == "get" { try check(await served.get(path), method, path) }
        }
      }
      let requests: [(path: String, type: String, body: Data)] = [
        ("/v1/detect", "application/json", try json(["picture": code, "classes": ["cat"]])),
        ("/v1/detect", "application/json", try json(["picture": code, "classes": ["cat"], "format": "png"])),
        (
          "/v1/detect", "application/json", try json(["picture": code, "classes": ["cat"], "format": "jpeg"])
        ),
        ("/v1/detect", "application/json", try json(["picture": code])),
        ("/v1/detect", "application/json", Data("{")),
        ("/v1/detect", "text/plain", Data()),
        ("/v1/detect", "application/json", try json(["picture": "", "prompt": "cat"])),
        ("/v1/detect", "application/octet-stream", Data(count: 100_001)),
        (
          "/v1/detect/batch", "application/json",
          try json(["pictures": [code, "", code], "caption": "[a cat]"])
        ),
        ("/v1/detect/batch", "application/json", try json(["pictures": [], "caption": "[a cat]"])),
        ("/v1/detect/batch", "image/png", png),
        ("/v1/detect/batch", "application/json", Data(count: 100_001)),
        ("/v1/detect/batch", "application/json", try json(["pictures": [code], "caption": "[a cat"])),
      ]
      for (path, type, body) in requests {
        try check(await served.send("POST", path, type: type, body: body), "post", path)
      }
      // What else is described needs a server in trouble; other tests have those.
      let described = document.paths.filter { !$0.key.hasPrefix("/v1/projects") }.flatMap {
        path, operations in
        operations.flatMap { method, operation in
          Description.responses(operation).keys.map { "\(method) \(path) \($0)" }
        }
      }
      let rest = Set(described).subtracting(seen).map { String($0.suffix(3)) }
      #expect(Set(rest).isSubset(of: ["401", "408", "429", "431", "500", "503"]), "\(rest)")
    }
  }

  @Test("every field that is described is taken, and no other, in every encoding")
  func fields() async throws {
    nonisolated(unsafe) let values: [String: Any] = [
      "picture": png.base64EncodedString(), "pictures": [png.base64EncodedString()], "classes": "cat",
      "prompt": "cat. ", "caption": "[a cat]", "threshold": 0.5, "max_detections": 3, "format": "json",
    ]
    try await Served.run { served in
      let document = try await Description(served.get("/openapi.json").json)
      for path in ["/v1/detect", "/v1/detect/batch"] {
        let schemas = try document.requestSchemas(path)
        #expect(schemas.keys.contains("application/json") && schemas.keys.contains("multipart/form-data"))
        for type in ["application/json", "multipart/form-data"] {
          let schema = try #require(schemas[type])
          #expect(schema["additionalProperties"] as? Bool == false)
          let names = try #require(schema["properties"] as? [String: Any]).keys
          let needed = try #require(schema["required"] as? [String])
          let prompts = try #require(schema["oneOf"] as? [[String: [String]]]).flatMap {
            $0["required"] ?? []
          }
          for name in values.keys {
            let prompt = prompts.contains(name) ? name : "classes"
            let fields = values.filter { needed.contains($0.key) || $0.key == name || $0.key == prompt }
            let answer =
              type == "application/json"
              ? try await served.post(fields, to: path)
              : try await served.post(form: form(fields), to: path)
            #expect(answer.status == (names.contains(name) ? 200 : 400), "\(path) \(type) \(name)")
          }
        }
        let query = try document.queryFields(path)
        guard path == "/v1/detect" else {
          #expect(query.isEmpty)
          continue
        }
        #expect(Set(query) == Set(values.keys).subtracting(["picture", "pictures"]))
        for type in schemas.keys where type.hasPrefix("image/") || type == "application/octet-stream" {
          #expect(
            try await served.send("POST", path + "?classes=cat", type: type, body: png).status == 200)
        }
      }
    }
  }

  private func json(_ value: Any) throws -> Data { try JSONSerialization.data(withJSONObject: value) }

  private func form(_ fields: [String: Any]) -> [(String, Data)] {
    fields.map { name, value in (name, name.hasPrefix("picture") ? png : Data("\(value)")) }
  }
}

/// A parsed description, as far as it goes here.
struct Description {
  let root: [String: Any]
  let paths: [String: [String: [String: Any]]]

  init(_ json: [String: Any]) throws {
    root = json
    #expect(json["openapi"] as? String == "3.1.0")
    paths = try #require(json["paths"] as? [String: [String: [String: Any]]])
  }

  static func responses(_ operation: [String: Any]) -> [String: [String: Any]] {
    operation["responses"] as? [String: [String: Any]] ?? [:]
  }

  func requestSchemas(_ path: String) throws -> [String: [String: Any]] {
    let body = try #require(paths[path]?["post"]?["requestBody"] as? [String: Any])
    let content = try #require(body["content"] as? [String: [String: Any]])
    return content.compactMapValues { $0["schema"] as? [String: Any] }
  }

  func queryFields(_ path: String) throws -> [String] {
    (paths[path]?["post"]?["parameters"] as? [[String: Any]] ?? []).compactMap { $0["name"] as? String }
  }

  /// Whether an answer has a status, type, header and body that are described.
  func check(_ answer: Answer, _ method: String, _ path: String, _ location: SourceLocation) throws {
    let responses = Self.responses(paths[path]?[method] ?? [:])
    let response = try #require(
      responses["\(answer.status)"], "\(method) \(path): \(answer.status) is not described",
      sourceLocation: location)
    for name in (response["headers"] as? [String: Any] ?? [:]).keys {
      #expect(answer[name.lowercased()] != nil, "\(name)", sourceLocation: location)
    }
    let content = try #require(response["content"] as? [String: [String: Any]])
    let type = try #require(answer["content-type"])
    let schema = try #require(
      content[type]?["schema"] as? [String: Any], "\(path): \(type) is not described",
      sourceLocation: location)
    guard type == "application/json" else { return }
    let value = try JSONSerialization.jsonObject(with: answer.body)
    #expect(fault(value, schema, path) == nil, sourceLocation: location)
  }

  /// Where a value differs from its schema.
  private func fault(_ value: Any, _ schema: [String: Any], _ place: String) -> String? {
    if let name = (schema["$ref"] as? String)?.split(separator: "/").last {
      let schemas = (root["components"] as? [String: Any])?["schemas"] as? [String: [String: Any]]
      guard let target = schemas?[String(name)] else { return "\(place): no schema \(name)" }
      return fault(value, target, place)
    }
    if let choices = schema["oneOf"] as? [[String: Any]] {
      let fitting = choices.filter { fault(value, $0, place) == nil }.count
      return fitting == 1 ? nil : "\(place): \(fitting) choices fit"
    }
    if let values = schema["enum"] as? [String], !values.contains(value as? String ?? "") {
      return "\(place): not one of \(values)"
    }
    switch schema["type"] as? String {
    case "string": return value is String ? nil : "\(place): no string"
    case "number", "integer":
      guard let number = value as? NSNumber else { return "\(place): no number" }
      let isInside =
        number.doubleValue >= (schema["minimum"] as? Double ?? -.infinity)
        && number.doubleValue <= (schema["maximum"] as? Double ?? .infinity)
      return isInside ? nil : "\(place): out of range"
    case "array":
      guard let elements = value as? [Any] else { return "\(place): no array" }
      guard elements.count >= schema["minItems"] as? Int ?? 0,
        elements.count <= schema["maxItems"] as? Int ?? .max
      else { return "\(place): \(elements.count) elements" }
      let items = schema["items"] as? [String: Any] ?? [:]
      return elements.lazy.compactMap { fault($0, items, place + "[]") }.first
    case "object":
      guard let members = value as? [String: Any] else { return "\(place): no object" }
      guard let properties = schema["properties"] as? [String: [String: Any]] else { return nil }
      for name in schema["required"] as? [String] ?? [] where members[name] == nil {
        return "\(place): no \(name)"
      }
      return members.lazy.compactMap { name, member in
        properties[name].map { fault(member, $0, "\(place).\(name)") } ?? "\(place): unknown \(name)"
      }.first
    default: return nil
    }
  }
}
