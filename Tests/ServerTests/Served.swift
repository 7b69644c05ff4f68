import AsyncHTTPClient
import Foundation
import GLIP
import GLIPServer
import Logging
import NIOCore
import Pictures
import Testing
import Torch

/// A server on an unused port of this machine that lives as long as `body` runs, and a client of it.
struct Served: Sendable {
  let server: DetectionServer
  let port: Int
  let client: HTTPClient

  static let detector = Result {
    let parameters = Parameters(from: EagerWeights())
    return try Detector(model: GLIPModel(parameters.root, EagerWeights.configuration))
  }

  /// Small pictures, and everything that is seen is reported.
  static var options: DetectionOptions {
    var options = DetectionOptions()
    options.threshold = 0
    options.maximumDetections = 5
    options.resize = ResizeRule(minimumSide: 64, maximumSide: 128)
    return options
  }

  static func run(
    _ change: (inout ServerConfiguration) -> Void = { _ in },
    _ body: @escaping @Sendable (Served) async throws -> Void
  ) async throws {
    var configuration = ServerConfiguration()
    configuration.port = 0
    configuration.options = options
    configuration.drainTime = .milliseconds(50)
    change(&configuration)
    var logger = Logger(label: "test") { _ in JSONLinesLog() }
    logger.logLevel = .critical
    let server = try DetectionServer(
      detector.get(), model: "tiny", version: "0", configuration: configuration, logger: logger)
    let (ports, port) = AsyncStream.makeStream(of: Int.self)
    let client = HTTPClient(eventLoopGroupProvider: .singleton)
    do {
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          defer { port.finish() }
          try await server.run { port.yield($0) }
        }
        group.addTask {
          defer { server.stop() }
          guard let port = await ports.first(where: { _ in true }) else { return }
          try await body(Served(server: server, port: port, client: client))
        }
        try await group.waitForAll()
      }
    } catch {
      try await client.shutdown()
      throw error
    }
    try await client.shutdown()
  }

  // MARK: Requests

  func send(
    _ method: String, _ path: String, type: String? = nil, body: Data? = nil, fields: [String: String] = [:]
  ) async throws -> Answer {
    var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)\(path)")
    request.method = .RAW(value: method)
    if let type { request.headers.add(name: "Content-Type", value: type) }
    for (name, value) in fields { request.headers.add(name: name, value: value) }
    if let body { request.body = .bytes(ByteBuffer(bytes: body)) }
    let response = try await client.execute(request, timeout: .seconds(30))
    let bytes = try await response.body.collect(upTo: 64 << 20)
    return Answer(
      status: Int(response.status.code), headers: response.headers.map { ($0.name.lowercased(), $0.value) },
      body: Data(bytes.readableBytesView))
  }

  func get(_ path: String, fields: [String: String] = [:]) async throws -> Answer {
    try await send("GET", path, fields: fields)
  }

  func post(_ json: [String: Any], to path: String = "/v1/detect") async throws -> Answer {
    try await send(
      "POST", path, type: "application/json", body: JSONSerialization.data(withJSONObject: json))
  }

  func post(
    form parts: [(String, Data)], to path: String = "/v1/detect", boundary: String = "xyz"
  ) async throws -> Answer {
    try await send(
      "POST", path, type: "multipart/form-data; boundary=\(boundary)",
      body: Form.body(parts, boundary: boundary))
  }
}

/// What came back.
struct Answer: Sendable {
  let status: Int
  let headers: [(String, String)]
  let body: Data

  subscript(_ name: String) -> String? { headers.first { $0.0 == name }?.1 }
  var text: String { String(decoding: body, as: UTF8.self) }

  var json: [String: Any] {
    get throws { try #require(JSONSerialization.jsonObject(with: body) as? [String: Any]) }
  }

  /// The code of an error.
  var code: String? { ((try? json)?["error"] as? [String: Any])?["code"] as? String }
}

enum Form {
  static func body(_ parts: [(String, Data)], boundary: String = "xyz") -> Data {
    var body = Data()
    for (name, value) in parts {
      body += Data("--\(boundary)\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n".utf8)
      body += value + Data("\r\n".utf8)
    }
    return body + Data("--\(boundary)--\r\n".utf8)
  }
}

extension Data {
  init(_ text: String) { self.init(text.utf8) }
}

/// Whether an answer is an error of this kind, in the form that all errors have.
func expectError(
  _ answer: Answer, _ status: Int, _ code: String, location: SourceLocation = #_sourceLocation
) {
  #expect(answer.status == status, "\(answer.text)", sourceLocation: location)
  #expect(answer.code == code, "\(answer.text)", sourceLocation: location)
  let message = ((try? answer.json)?["error"] as? [String: Any])?["message"] as? String ?? ""
  #expect(message.hasSuffix(".") && message.count > 10, "\(message)", sourceLocation: location)
  #expect(answer["content-type"] == "application/json", sourceLocation: location)
}

/// Pictures that differ.
enum TestPicture {
  static func picture(_ seed: Int = 0, width: Int = 96, height: Int = 64) -> Picture {
    var pixels: [UInt8] = []
    for y in 0..<height {
      for x in 0..<width {
        pixels += [UInt8((2 * x + 31 * seed) & 255), UInt8(3 * y & 255), UInt8((x ^ y + seed) & 255)]
      }
    }
    return Picture(width: width, height: height, pixels: pixels)
  }

  static func png(_ seed: Int = 0, width: Int = 96, height: Int = 64) throws -> Data {
    try picture(seed, width: width, height: height).encoded(as: .png)
  }
}

/// The computed weights of a network so small that it runs in no time, but for a prior that lets everything pass for
/// an object.
struct EagerWeights: ParameterSource {
  static let configuration = GLIPConfiguration(
    swin: SwinConfiguration(channels: 16, depths: [1, 1, 1, 1], heads: [1, 2, 4, 4], window: 5),
    bert: BERTConfiguration(
      vocabulary: 30_522, width: 64, layers: 1, heads: 1, intermediate: 64, positions: 300),
    head: HeadConfiguration(channels: 32, blocks: 1, fusion: true, fusionWidth: 64, groups: 16, classes: 3))

  func parameter(_ name: String, shape: [Int], initial: Initializer) throws -> Tensor {
    name == "rpn.head.bias0"
      ? try Tensor.zeros(shape)
      : try DemonstrationWeights(Self.configuration).parameter(name, shape: shape, initial: initial)
  }
}
