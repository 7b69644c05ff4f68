import Foundation
import GLIP
import Pictures
import Testing

/// Detections, whichever way they are asked for.
struct DetectTests {
  private let png: Data
  private let expected: [Detection]

  init() throws {
    png = try TestPicture.png()
    expected = try Served.detector.get().detect(
      TestPicture.picture(), .classes(["cat", "cup"]), options: Served.options)
  }

  private func expectFound(_ answer: Answer) throws {
    #expect(answer.status == 200, "\(answer.text)")
    let json = try answer.json
    #expect(json["model"] as? String == "tiny" && json["prompt"] as? String == "cat. cup")
    #expect(json["width"] as? Int == 96 && json["height"] as? Int == 64)
    try expectEqual(json["detections"], expected)
  }

  private func expectEqual(_ found: Any?, _ expected: [Detection]) throws {
    let found = try #require(found as? [[String: Any]])
    #expect(found.count == expected.count && !found.isEmpty)
    for (one, other) in zip(found, expected) {
      #expect(one["label"] as? String == other.label)
      #expect(one["category_id"] as? Int == other.labelIndex + 1)
      #expect(one["span"] as? [Int] == [other.span.lowerBound, other.span.upperBound])
      #expect(abs((one["score"] as? Double ?? -1) - other.score) < 1e-4)
      let box = [other.box.x0, other.box.y0, other.box.width, other.box.height]
      #expect(zip(one["bbox"] as? [Double] ?? [], box).allSatisfy { abs($0 - $1) < 1e-2 })
    }
  }

  @Test("a form, JSON and a picture's bytes give what the detector gives")
  func encodings() async throws {
    try await Served.run { served in
      try expectFound(await served.post(form: [("picture", png), ("classes", Data("cat, cup"))]))
      try expectFound(
        await served.post(form: [("classes", Data("cat")), ("picture", png), ("classes", Data("cup"))]))
      let code = png.base64EncodedString()
      try expectFound(await served.post(["picture": code, "classes": ["cat", "cup"]]))
      try expectFound(await served.post(["picture": "data:image/png;base64," + code, "classes": "cat,cup"]))
      for type in ["image/png", "application/octet-stream"] {
        try expectFound(
          await served.send("POST", "/v1/detect?classes=cat,%20cup", type: type, body: png))
      }
      try expectFound(
        await served.send(
          "POST", "/v1/detect?classes=cat&classes=cup&threshold=0&format=json", type: "image/png", body: png))
    }
  }

  @Test("a prompt, a marked caption, a threshold and a number are minded")
  func options() async throws {
    try await Served.run { served in
      let caption = try await served.post(
        form: [("picture", png), ("caption", Data("[a cat] beside [a cup]")), ("max_detections", Data("2"))])
      let json = try caption.json
      #expect(json["prompt"] as? String == "a cat beside a cup")
      let found = try #require(json["detections"] as? [[String: Any]])
      #expect(found.count == 2 && found.allSatisfy { ["a cat", "a cup"].contains($0["label"] as? String) })
      let prompt = try await served.post(["picture": png.base64EncodedString(), "prompt": "cat . cup ."])
      #expect(prompt.status == 200)
      let high = try await served.post(
        ["picture": png.base64EncodedString(), "classes": ["cat"], "threshold": 1])
      #expect((try high.json["detections"] as? [Any])?.isEmpty == true)
    }
  }

  @Test("the annotated picture comes back as PNG or JPEG")
  func annotated() async throws {
    try await Served.run { served in
      for (format, type) in [("png", "image/png"), ("jpeg", "image/jpeg")] {
        let answer = try await served.post(
          form: [("picture", png), ("classes", Data("cat")), ("format", Data(format))])
        #expect(answer.status == 200 && answer["content-type"] == type)
        let picture = try Picture(data: answer.body, name: "answer")
        #expect(picture.width == 96 && picture.height == 64)
        #expect(picture.pixels != TestPicture.picture().pixels)
      }
    }
  }

  @Test("several pictures have a result each, and a broken one spoils no other")
  func batch() async throws {
    try await Served.run { served in
      let parts = [("pictures", png), ("pictures", Data("junk")), ("pictures", png)]
      let answers = [
        try await served.post(form: parts + [("classes", Data("cat, cup"))], to: "/v1/detect/batch"),
        try await served.post(
          ["pictures": parts.map { $0.1.base64EncodedString() }, "classes": ["cat", "cup"]],
          to: "/v1/detect/batch"),
      ]
      for answer in answers {
        #expect(answer.status == 200, "\(answer.text)")
        let results = try #require(try answer.json["results"] as? [[String: Any]])
        #expect(results.count == 3)
        try expectEqual(results[0]["detections"], expected)
        try expectEqual(results[2]["detections"], expected)
        #expect((results[1]["error"] as? [String: Any])?["code"] as? String == "broken_picture")
      }
    }
  }

  @Test("requests that come together run together, and each gets what it gets alone")
  func together() async throws {
    let detector = try Served.detector.get()
    try await Served.run {
      $0.batchWindow = .milliseconds(200)
    } _: { served in
      let answers = try await withThrowingTaskGroup(of: (Int, Answer).self) { group in
        for index in 0..<16 {
          group.addTask {
            let fields: [String: Any] = [
              "picture": try TestPicture.png(index).base64EncodedString(), "classes": ["cat", "cup"],
              "max_detections": 1 + index % 5, "threshold": index.isMultiple(of: 2) ? 0 : 0.5,
            ]
            return (index, try await served.post(fields))
          }
        }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      for (index, answer) in answers {
        var options = Served.options
        options.maximumDetections = 1 + index % 5
        options.threshold = index.isMultiple(of: 2) ? 0 : 0.5
        let alone = try detector.detect(
          TestPicture.picture(index), .classes(["cat", "cup"]), options: options)
        let found = try #require(try answer.json["detections"] as? [[String: Any]])
        #expect(found.count == alone.count)
        for (one, other) in zip(found, alone) {
          #expect(abs((one["score"] as? Double ?? -1) - other.score) < 1e-4)
        }
      }
      let metrics = try await served.get("/metrics").text
      let batches = try metric("glip_batch_pictures_count", metrics)
      #expect(try metric("glip_batch_pictures_sum", metrics) == 16)
      #expect(batches < 16, "nothing ran together")
    }
  }
}

/// The value of a line of `/metrics`.
func metric(_ name: String, _ page: String) throws -> Double {
  let line = try #require(page.split(separator: "\n").first { $0.hasPrefix(name + " ") })
  return try #require(Double(line.dropFirst(name.count + 1)))
}
