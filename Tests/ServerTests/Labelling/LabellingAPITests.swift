import Foundation
import GLIPServer
import GroundingData
import Testing

/// What is asked of the labels over HTTP.
struct LabellingAPITests {
  @Test("a project is begun, filled, corrected, exported, changed and deleted")
  func journey() async throws {
    try await withLabels { served in
      let project = try await served.begin()
      let path = "/v1/projects/\(project)"
      let pictures = try await served.addPictures(0..<2, to: project)
      #expect(pictures.count == 2)
      let list = try await served.get("\(path)/pictures?limit=1").json
      #expect(list["next"] as? Int == pictures[0])
      let rest = try await served.get("\(path)/pictures?after=\(pictures[0])").json
      #expect((rest["pictures"] as? [[String: Any]])?.first?["name"] as? String == "picture 1.png")
      #expect(rest["next"] == nil)

      let file = try await served.get("\(path)/pictures/\(pictures[0])")
      #expect(try file.body == TestPicture.png(0) && file["content-type"] == "image/png")
      let tag = try #require(file["etag"])
      let known = try await served.get(
        "\(path)/pictures/\(pictures[0])", fields: ["If-None-Match": tag])
      #expect(known.status == 304 && known.body.isEmpty)
      let thumbnail = try await served.get("\(path)/pictures/\(pictures[0])/thumbnail")
      #expect(thumbnail["content-type"] == "image/jpeg" && thumbnail.body.starts(with: [0xFF, 0xD8]))

      let place = "\(path)/pictures/\(pictures[0])/boxes"
      let cat: [String: Any] = ["label": "cat", "bbox": [1.5, 2, 30, 20.25]]
      let set = try await served.send("PUT", place, json: boxes(1, [cat], reviewed: true))
      #expect(set.status == 200)
      let stored = try await served.get(place)
      #expect(stored.body == set.body)
      #expect(try stored.json["state"] as? String == "reviewed" && stored.json["revision"] as? Int == 2)
      expectError(try await served.send("PUT", place, json: boxes(1, [])), 409, "out_of_date")

      try await checkExport(served.get("\(path)/export?format=coco"))
      let yolo = try await served.get("\(path)/export?format=yolo&reviewed=true")
      #expect(yolo["content-type"] == "application/zip" && yolo.body.starts(with: Data("PK".utf8)))
      #expect(
        yolo["content-disposition"] == "attachment; filename=\"labels-\(project).zip\""
          && yolo["content-length"] == "\(yolo.body.count)")

      let changed = try await served.send(
        "PATCH", path, json: ["name": "Tom", "threshold": 0.25, "caption": "[a cat]"])
      #expect(try changed.json["name"] as? String == "Tom" && changed.json["threshold"] as? Double == 0.25)
      #expect(try changed.json["labels"] as? [String] == ["cat", "cup"])
      #expect(try await served.send("DELETE", "\(path)/pictures/\(pictures[1])").status == 200)
      expectError(try await served.get("\(path)/pictures/\(pictures[1])"), 404, "not_found")
      #expect(try await served.send("DELETE", path).json["name"] as? String == "Tom")
      expectError(try await served.get(path), 404, "not_found")
      #expect((try await served.get("/v1/projects").json["projects"] as? [Any])?.isEmpty == true)
    }
  }

  private func checkExport(_ answer: Answer) throws {
    let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).json")
    defer { try? FileManager.default.removeItem(at: file) }
    try answer.body.write(to: file)
    let dataset = try COCODataset(
      file, pictures: PictureFolders(file.deletingLastPathComponent()), faults: FaultLog(.fail))
    #expect(dataset.count == 1 && dataset.classes.map(\.name) == ["cat", "cup"])
    let record = try dataset.record(at: 0)
    #expect(record.picture.name.hasSuffix("/picture 0.png"))
    #expect(
      record.objects.map(\.box) == [CornerBox(x0: 1.5, y0: 2, x1: 30.5, y1: 21.25)]
        && record.objects.map(\.classIndex) == [0])
  }

  @Test("a file that is no picture spoils no other, and the same file twice is one picture")
  func upload() async throws {
    try await withLabels { served in
      let project = try await served.begin()
      let png = try TestPicture.png(1)
      let answer = try await served.upload(
        [("a.png", png), ("b.png", Data("no picture")), ("../c.png", png), ("d.png", png.prefix(100))],
        to: project)
      let results = try #require(try answer.json["results"] as? [[String: Any]])
      #expect(results.count == 4 && results[0]["name"] as? String == "a.png")
      #expect(results[2]["id"] as? Int == results[0]["id"] as? Int)
      let codes = [1, 3].map { (results[$0]["error"] as? [String: Any])?["code"] as? String }
      #expect(codes == ["broken_picture", "broken_picture"])
    }
  }

  @Test(
    "names that browsers send are kept as text, and never become paths",
    arguments: [
      ("%22quoted%22.png", "%22quoted%22.png"), ("../../../../etc/passwd", "passwd"), ("猫.png", "猫.png"),
      ("a;b.png", "a;b.png"), ("<script>.png", "_script_.png"), ("", "picture"),
    ])
  func names(given: String, kept: String) async throws {
    try await withLabels { served in
      let project = try await served.begin()
      let answer = try await served.upload([(given, try TestPicture.png(1))], to: project)
      #expect((try answer.json["results"] as? [[String: Any]])?.first?["name"] as? String == kept)
    }
  }

  @Test("pages of other sites can change nothing")
  func otherSites() async throws {
    try await withLabels {
      $0.allowedOrigins = ["https://friend.example"]
    } _: { served in
      let project = try await served.begin()
      let body = try JSONSerialization.data(withJSONObject: ["name": "Dogs"])
      func begin(_ fields: [String: String]) async throws -> Answer {
        try await served.send("POST", "/v1/projects", type: "application/json", body: body, fields: fields)
      }
      for fields in [
        ["Origin": "https://evil.example"], ["Origin": "https://friend.example"], ["Origin": "null"],
        ["Origin": "http://127.0.0.1"], ["Origin": "127.0.0.1:\(served.port)"],
        ["Sec-Fetch-Site": "cross-site"], ["Sec-Fetch-Site": "same-site"],
        ["Origin": "http://127.0.0.1:\(served.port)", "Sec-Fetch-Site": "cross-site"],
      ] {
        expectError(try await begin(fields), 403, "cross_site")
        expectError(
          try await served.send("DELETE", "/v1/projects/\(project)", fields: fields), 403, "cross_site")
      }
      // What a form of another site can send without being asked after is not taken, whatever it says.
      for type in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"] {
        expectError(
          try await served.send("POST", "/v1/projects", type: type, body: body), 415, "unsupported_media_type"
        )
      }
      #expect(
        try await begin(["Origin": "http://127.0.0.1:\(served.port)", "Sec-Fetch-Site": "same-origin"])
          .status == 200)
      #expect((try await served.get("/v1/projects").json["projects"] as? [Any])?.count == 2)
    }
  }

  @Test("a token is needed for everything about labels where there are some")
  func tokens() async throws {
    let file = FileManager.default.temporaryDirectory.appending(path: "tokens-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: file) }
    try Data("a-token-of-the-tests").write(to: file)
    try await withLabels {
      $0.tokens = file
    } _: { served in
      for (method, path) in [
        ("GET", "/v1/projects"), ("POST", "/v1/projects"), ("GET", "/v1/projects/1/pictures/1"),
        ("PUT", "/v1/projects/1/pictures/1/boxes"), ("GET", "/v1/projects/1/export?format=coco"),
      ] {
        expectError(try await served.send(method, path), 401, "unauthorized")
      }
      let field = ["Authorization": "Bearer a-token-of-the-tests"]
      #expect(try await served.get("/v1/projects", fields: field).status == 200)
    }
  }

  @Test("a server without a folder for labels says how to get one")
  func off() async throws {
    try await Served.run { served in
      let answer = try await served.get("/v1/projects")
      expectError(answer, 404, "not_found")
      #expect(answer.text.contains("--labels"))
      #expect(try await served.get("/label").status == 200)
    }
  }

  @Test("the store's bounds are the server's")
  func bounds() async throws {
    try await withLabels {
      $0.labelledBytes = 10
      $0.limits.bodyBytes = 4_000
      $0.limits.batchPictures = 2
    } _: { served in
      let project = try await served.begin()
      let png = try TestPicture.png(1, width: 8, height: 8)
      let full = try await served.upload([("a.png", png)], to: project)
      let error = (try full.json["results"] as? [[String: Any]])?.first?["error"] as? [String: Any]
      #expect(error?["code"] as? String == "store_full")
      let many = [(String, Data)](repeating: ("a.png", png), count: 3)
      expectError(try await served.upload(many, to: project), 400, "invalid_field")
      expectError(
        try await served.upload([("a.png", Data(count: 4_000))], to: project), 413, "request_too_large")
      expectError(
        try await served.send(
          "POST", "/v1/projects", json: ["name": "x", "labels": [String](repeating: "y", count: 2_000)]),
        413, "request_too_large")
    }
  }
}
