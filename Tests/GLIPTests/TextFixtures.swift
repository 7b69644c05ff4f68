import Foundation

/// Files that the tests of the text part read.
enum TextFixtures {
  static func data(_ name: String) throws -> Data {
    try Data(contentsOf: Bundle.module.bundleURL.appending(path: "Fixtures/\(name)"))
  }

  /// Decodes JSON whose names are in snake case.
  static func decode<Value: Decodable>(_ type: Value.Type, from data: Data) throws -> Value {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(type, from: data)
  }

  static let repository = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// Recorded runs of the authors' code, which are not part of the repository.
  static let recordings: [URL] = {
    let environment = ProcessInfo.processInfo.environment
    let shared =
      environment["GLIP_SHARED"].map { URL(fileURLWithPath: $0) }
      ?? repository.deletingLastPathComponent().appending(path: "shared")
    let files = ["glip_t_a", "glip_t_c", "glip_l"].flatMap { variant in
      let folder = shared.appending(path: "golden/\(variant)")
      return (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)) ?? []
    }
    let found = files.filter { $0.pathExtension == "json" }.sorted { $0.path < $1.path }
    if found.isEmpty { print("skipped: no recorded runs in \(shared.path)") }
    return found
  }()
}

extension String {
  /// The text at a range of Unicode scalars.
  func scalars(_ range: Range<Int>) -> String {
    var result = UnicodeScalarView()
    result.append(contentsOf: Array(unicodeScalars)[range])
    return String(result)
  }

  /// Where another text occurs first, in Unicode scalars.
  func scalarRange(of other: String) -> Range<Int>? {
    let whole = Array(unicodeScalars)
    let part = Array(other.unicodeScalars)
    return whole.indices.first { whole[$0...].starts(with: part) }.map { $0..<($0 + part.count) }
  }
}
