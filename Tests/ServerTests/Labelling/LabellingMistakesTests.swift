import Foundation
import Testing

/// Requests about labels that are wrong, and what is written of them.
struct LabellingMistakesTests {
  @Test("every operation, type and error about labels is what is described")
  func agreement() async throws {
    try await withLabels { served in
      let document = try await Description(served.get("/openapi.json").json)
      let project = try await served.begin()
      let picture = try await served.addPictures([1], to: project)[0]
      var seen: Set<String> = []
      func check(
        _ method: String, _ path: String, json: Any? = nil, _ template: String? = nil, status: Int = 200,
        location: SourceLocation = #_sourceLocation
      ) async throws {
        let real = path.replacing("{project}", with: "\(project)").replacing(
          "{picture}", with: "\(picture)")
        let answer =
          if let json { try await served.send(method, real, json: json) } else {
            try await served.send(method, real)
          }
        let template = template ?? String(path.prefix { $0 != "?" })
        #expect(answer.status == status, "\(answer.text)", sourceLocation: location)
        try document.check(answer, method.lowercased(), template, location)
        seen.insert("\(method.lowercased()) \(template) \(answer.status)")
      }
      let projects = "/v1/projects"
      let one = projects + "/{project}"
      let pictures = one + "/pictures"
      let boxesPath = pictures + "/{picture}/boxes"
      for (path, operations) in document.paths where path.hasPrefix(projects) {
        let wrong = ["GET", "POST", "PUT", "TRACE"].first { operations[$0.lowercased()] == nil } ?? ""
        let real = path.replacing("{project}", with: "1").replacing("{picture}", with: "1")
        let answer = try await served.send(wrong, real)
        expectError(answer, 405, "method_not_allowed")
        for method in operations.keys {
          try document.check(answer, method, path, #_sourceLocation)
          seen.insert("\(method) \(path) 405")
          // What is not there, in every method that takes no body.
          guard path != projects, method == "get" || method == "delete" else { continue }
          let query = path.hasSuffix("export") ? "?format=coco" : ""
          let missing = path.replacing("{project}", with: "99").replacing("{picture}", with: "99")
          try await check(method.uppercased(), missing + query, path, status: 404)
          guard method == "delete" else { continue }
          let cross = try await served.send("DELETE", real, fields: ["Origin": "https://evil.example"])
          try document.check(cross, method, path, #_sourceLocation)
          seen.insert("\(method) \(path) \(cross.status)")
        }
      }
      try await check("GET", projects)
      try await check("GET", one)
      try await check("GET", pictures)
      try await check("GET", pictures + "?limit=0", status: 400)
      try await check("GET", pictures + "/{picture}")
      try await check("GET", pictures + "/{picture}/thumbnail")
      try await check("GET", boxesPath)
      let box: [String: Any] = ["label": "cat", "bbox": [0, 0, 9, 9], "score": 0.5]
      try await check("PUT", boxesPath, json: boxes(1, [box]))
      try await check("PUT", boxesPath, json: boxes(1, [box]), status: 409)
      try await check("PUT", boxesPath, json: boxes(2, [["label": "cat"]]), status: 400)
      try await check("PATCH", one, json: ["threshold": 0.1])
      try await check("POST", projects, json: ["name": "cats"], status: 409)
      try await check("POST", projects, json: ["name": "Dogs"])
      try await check("PATCH", one, json: ["name": "Dogs"], status: 409)
      try await check("GET", one + "/export?format=coco")
      try await check("GET", one + "/export?format=yolo")
      try await check("GET", one + "/export?format=voc", status: 400)
      try await check("POST", one + "/detect", json: ["again": true])
      _ = try await served.finishDetecting(project)
      try await check("GET", one + "/detect")
      try await check("DELETE", one + "/detect")
      _ = try await served.send("PATCH", "/v1/projects/\(project)", json: ["caption": "[a cat"])
      try await check("POST", one + "/detect", json: [:], status: 422)
      for (method, path) in [
        ("POST", projects), ("PATCH", one), ("PUT", boxesPath), ("POST", one + "/detect"),
      ] {
        try await check(method, path, status: 415)
        try await check(method, path, json: ["nonsense": 1], status: 400)
        try await check(method, path, json: ["name": String(repeating: "x", count: 1 << 20)], status: 413)
        guard path != projects else { continue }
        let json: Any = method == "PUT" ? boxes(1, []) : [:]
        let missing = path.replacing("{project}", with: "99").replacing("{picture}", with: "99")
        try await check(method, missing, json: json, path, status: 404)
      }
      let upload = try await served.upload(
        [("a.png", try TestPicture.png(2)), ("b.png", Data("x"))], to: project)
      try document.check(upload, "post", pictures, #_sourceLocation)
      try await check("POST", pictures, status: 415)
      try await check("DELETE", pictures + "/{picture}")
      try await check("DELETE", one)
      let described = document.paths.filter { $0.key.hasPrefix(projects) }.flatMap { path, operations in
        operations.flatMap { method, operation in
          Description.responses(operation).keys.map { "\(method) \(path) \($0)" }
        }
      }
      // Uploads, other sites and servers without labels have tests of their own; some errors need a server in trouble.
      let rest = Set(described).subtracting(seen).filter {
        !$0.hasPrefix("post \(pictures) ") && !$0.hasSuffix("\(projects) 404")
      }
      let known = ["401", "403", "408", "429", "431", "500", "503", "507"]
      #expect(Set(rest.map { String($0.suffix(3)) }).isSubset(of: known), "\(rest.sorted())")
    }
  }

  @Test(
    "bodies that are not what is described are refused and change nothing",
    arguments: [
      "", "[]", "{", "null", #"{"revision": 1}"#, #"{"revision": 1.5, "reviewed": true, "boxes": []}"#,
      #"{"revision": "1", "reviewed": true, "boxes": []}"#,
      #"{"revision": 1, "reviewed": 1, "boxes": []}"#, #"{"revision": 1, "reviewed": true, "boxes": {}}"#,
      #"{"revision": 1, "reviewed": true, "boxes": [], "more": 1}"#,
      #"{"revision": 1, "reviewed": true, "boxes": [{"label": "cat", "bbox": [1, 2, 3]}]}"#,
      #"{"revision": 1, "reviewed": true, "boxes": [{"label": "cat", "bbox": [1, 2, 3, 4, 5]}]}"#,
      #"{"revision": 1, "reviewed": true, "boxes": [{"label": "cat", "bbox": [1, 2, 3, "4"]}]}"#,
      #"{"revision": 1, "reviewed": true, "boxes": [{"label": "cat", "bbox": [1, 2, -3, 4]}]}"#,
      #"{"revision": 1, "reviewed": true, "boxes": [{"label": "cat", "bbox": [1, 2, 1e999, 4]}]}"#,
      #"{"revision": 1, "reviewed": true, "boxes": [{"label": "cat", "bbox": [90, 2, 30, 4]}]}"#,
      #"{"revision": 1, "reviewed": true, "boxes": [{"label": "", "bbox": [1, 2, 3, 4]}]}"#,
      #"{"revision": 1, "reviewed": true, "boxes": [{"label": 7, "bbox": [1, 2, 3, 4]}]}"#,
      #"{"revision": 1, "reviewed": true, "boxes": [{"label": "cat", "bbox": [1, 2, 3, 4], "x": 1}]}"#,
      #"{"revision": 1, "reviewed": true, "boxes": [{"label": "cat", "bbox": [1, 2, 3, 4], "score": 2}]}"#,
    ])
  func bodies(body: String) async throws {
    try await withLabels { served in
      let project = try await served.begin()
      let picture = try await served.addPictures([1], to: project)[0]
      let path = "/v1/projects/\(project)/pictures/\(picture)/boxes"
      let answer = try await served.send("PUT", path, type: "application/json", body: Data(body))
      #expect(answer.status == 400, "\(answer.text)")
      #expect(answer.code == "invalid_field" || answer.code == "malformed_request")
      #expect(try await served.get(path).json["revision"] as? Int == 1)
    }
  }

  @Test(
    "paths that are no numbers lead nowhere",
    arguments: [
      "/v1/projects/", "/v1/projects/x", "/v1/projects/-1", "/v1/projects/+1", "/v1/projects/1x",
      "/v1/projects/99999999999999999999", "/v1/projects/1/pictures/..", "/v1/projects/1/pictures/%2e%2e",
      "/v1/projects/1/", "/v1/projects//pictures", "/v1/projects/1/pictures/1/boxes/1",
      "/v1/projects/1;DROP TABLE box".replacing(" ", with: "%20"),
    ])
  func paths(path: String) async throws {
    try await withLabels { served in
      _ = try await served.begin()
      expectError(try await served.get(path), 404, "not_found")
    }
  }

  @Test("fields of an address that are unknown, given twice or out of range are errors")
  func queries() async throws {
    try await withLabels { served in
      let project = try await served.begin()
      for query in [
        "pictures?limit=x", "pictures?limit=501", "pictures?limit=1&limit=1", "pictures?after=-1",
        "pictures?treshold=1", "export", "export?format=coco&reviewed=1", "export?format=COCO",
      ] {
        expectError(try await served.get("/v1/projects/\(project)/\(query)"), 400, "invalid_field")
      }
      let broken = try await Connection.exchange(
        port: served.port,
        "GET /v1/projects/\(project)/pictures?limit=% HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
      #expect(broken.hasPrefix("HTTP/1.1 400 ") && broken.contains("malformed_request"), "\(broken)")
    }
  }
}
