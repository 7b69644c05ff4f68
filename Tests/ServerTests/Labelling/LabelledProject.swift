import Foundation
import GLIPServer
import Testing

/// A server that keeps labels in a folder which goes with it.
func withLabels(
  _ change: (inout ServerConfiguration) -> Void = { _ in },
  _ body: @escaping @Sendable (Served) async throws -> Void
) async throws {
  let folder = FileManager.default.temporaryDirectory.appending(path: "labels-\(UUID().uuidString)")
  defer { try? FileManager.default.removeItem(at: folder) }
  try await Served.run(
    {
      $0.labels = folder
      change(&$0)
    }, body)
}

extension Served {
  /// Sends JSON.
  func send(_ method: String, _ path: String, json: Any) async throws -> Answer {
    try await send(
      method, path, type: "application/json", body: JSONSerialization.data(withJSONObject: json))
  }

  /// The id of a new project.
  func begin(_ name: String = "Cats", labels: [String] = ["cat", "cup"]) async throws -> Int {
    let answer = try await send("POST", "/v1/projects", json: ["name": name, "labels": labels])
    return try #require(try answer.json["id"] as? Int, "\(answer.text)")
  }

  /// Sends files as a form does.
  func upload(_ files: [(name: String, data: Data)], to project: Int) async throws -> Answer {
    var body = Data()
    for (name, data) in files {
      body += Data(
        "--xyz\r\nContent-Disposition: form-data; name=\"pictures\"; filename=\"\(name)\"\r\n\r\n".utf8)
      body += data + Data("\r\n".utf8)
    }
    body += Data("--xyz--\r\n".utf8)
    return try await send(
      "POST", "/v1/projects/\(project)/pictures", type: "multipart/form-data; boundary=xyz", body: body)
  }

  /// The ids of some new pictures.
  func addPictures(_ seeds: some Sequence<Int>, to project: Int) async throws -> [Int] {
    let answer = try await upload(
      seeds.map { ("picture \($0).png", try TestPicture.png($0)) }, to: project)
    let results = try #require(try answer.json["results"] as? [[String: Any]], "\(answer.text)")
    return results.compactMap { $0["id"] as? Int }
  }

  /// Waits until the network has gone through a project.
  func finishDetecting(_ project: Int) async throws -> [String: Any] {
    for _ in 0..<2000 {
      let state = try await get("/v1/projects/\(project)/detect").json
      if state["running"] as? Bool == false { return state }
      try await Task.sleep(for: .milliseconds(10))
    }
    Issue.record("The network does not come to an end.")
    return [:]
  }
}

/// Boxes as they are sent.
func boxes(_ revision: Int, _ boxes: [[String: Any]], reviewed: Bool = false) -> [String: Any] {
  ["revision": revision, "reviewed": reviewed, "boxes": boxes]
}
