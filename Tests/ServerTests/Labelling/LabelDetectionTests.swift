import Foundation
import Testing

/// The network on the pictures of a project.
struct LabelDetectionTests {
  @Test("the network goes through what is new, and leaves alone what somebody has reviewed")
  func run() async throws {
    try await withLabels { served in
      let project = try await served.begin()
      let path = "/v1/projects/\(project)"
      let pictures = try await served.addPictures(0..<4, to: project)
      let reviewed = "\(path)/pictures/\(pictures[1])/boxes"
      let own: [String: Any] = ["label": "dog", "bbox": [1, 1, 9, 9]]
      let before = try await served.send("PUT", reviewed, json: boxes(1, [own], reviewed: true))
      let drawn = "\(path)/pictures/\(pictures[2])/boxes"
      _ = try await served.send("PUT", drawn, json: boxes(1, [own]))

      #expect(try await served.send("POST", "\(path)/detect", json: [:]).status == 200)
      let state = try await served.finishDetecting(project)
      #expect(state["done"] as? Int == 3 && state["left"] as? Int == 0 && state["failed"] as? Int == 0)
      #expect(try await served.get(reviewed).body == before.body)
      for picture in [pictures[0], pictures[2], pictures[3]] {
        let found = try await served.get("\(path)/pictures/\(picture)/boxes").json
        #expect(found["state"] as? String == "detected")
        let scores = try #require(found["boxes"] as? [[String: Any]]).map { $0["score"] as? Double }
        // The drawn one has none and stays first.
        #expect(scores.contains(nil) == (picture == pictures[2]))
        #expect(scores.compactMap { $0 }.allSatisfy { $0 > 0.1 } && !scores.compactMap { $0 }.isEmpty)
      }
      // Nothing is new.
      _ = try await served.send("POST", "\(path)/detect", json: [:])
      #expect(try await served.finishDetecting(project)["done"] as? Int == 0)
      // Again, but for what is reviewed; what was drawn stays, and nothing is there twice.
      let first = try await served.get(drawn).json
      _ = try await served.send("POST", "\(path)/detect", json: ["again": true])
      #expect(try await served.finishDetecting(project)["done"] as? Int == 3)
      let second = try await served.get(drawn).json
      #expect((first["boxes"] as? [Any])?.count == (second["boxes"] as? [Any])?.count)
      #expect(try await served.get(reviewed).body == before.body)
    }
  }

  @Test("a caption's phrases become labels; a project that names nothing is told so")
  func prompts() async throws {
    try await withLabels { served in
      let project = try await served.begin(labels: [])
      let path = "/v1/projects/\(project)"
      _ = try await served.addPictures([1], to: project)
      expectError(try await served.send("POST", "\(path)/detect", json: [:]), 422, "unusable_prompt")
      _ = try await served.send("PATCH", path, json: ["caption": "[a cat] and [a cup]"])
      _ = try await served.send("POST", "\(path)/detect", json: [:])
      _ = try await served.finishDetecting(project)
      let labels = try #require(try await served.get(path).json["labels"] as? [String])
      #expect(!labels.isEmpty && Set(labels).isSubset(of: ["a cat", "a cup"]))
    }
  }

  @Test("a run that is stopped goes on from there when it is asked for again")
  func stop() async throws {
    try await withLabels { served in
      let project = try await served.begin()
      let path = "/v1/projects/\(project)"
      _ = try await served.addPictures(0..<12, to: project)
      _ = try await served.send("POST", "\(path)/detect", json: [:])
      let stopped = try await served.send("DELETE", "\(path)/detect").json
      #expect(stopped["running"] as? Bool == false)
      let left = try #require(stopped["left"] as? Int)
      _ = try await served.send("POST", "\(path)/detect", json: [:])
      let state = try await served.finishDetecting(project)
      #expect(state["done"] as? Int == left && state["left"] as? Int == 0)
    }
  }

  @Test("a project that is deleted ends its run, and the server goes on")
  func deletion() async throws {
    try await withLabels { served in
      let project = try await served.begin()
      _ = try await served.addPictures(0..<6, to: project)
      _ = try await served.send("POST", "/v1/projects/\(project)/detect", json: [:])
      #expect(try await served.send("DELETE", "/v1/projects/\(project)").status == 200)
      expectError(try await served.get("/v1/projects/\(project)/detect"), 404, "not_found")
      #expect(try await served.get("/v1/projects").status == 200)
    }
  }

  @Test("a server that stops keeps what the network has found, and another goes on from there")
  func restart() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "labels-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try await Served.run {
      $0.labels = folder
    } _: { served in
      let project = try await served.begin()
      _ = try await served.addPictures(0..<8, to: project)
      _ = try await served.send("POST", "/v1/projects/\(project)/detect", json: [:])
    }
    try await Served.run {
      $0.labels = folder
    } _: { served in
      let counts = try #require(
        try await served.get("/v1/projects/1").json["pictures"] as? [String: Int])
      #expect((counts["new"] ?? 0) + (counts["detected"] ?? 0) == 8)
      _ = try await served.send("POST", "/v1/projects/1/detect", json: [:])
      let state = try await served.finishDetecting(1)
      #expect(state["done"] as? Int == counts["new"] && state["left"] as? Int == 0)
    }
  }
}
