import Foundation
import GLIP
import Pictures
import Testing
import Torch

/// An empty folder to run the program in, removed with the object.
final class Workspace: Sendable {
  let folder: URL

  init() throws {
    let temporary = FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
    folder = temporary.appending(path: "glip-command-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  func url(_ path: String) -> URL { folder.appending(path: path) }

  /// Waits on this very thread: other tests keep the tasks' threads busy for longer than a batch takes.
  func wait(for name: String, seconds: Int) {
    for _ in 0..<(seconds * 100) where !exists(name) { usleep(10_000) }
  }

  func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: url(path).path) }

  /// Names in the folder, hidden ones included, and in its folders.
  var contents: [String] {
    get throws { try FileManager.default.subpathsOfDirectory(atPath: folder.path).sorted() }
  }

  func data(_ path: String) throws -> Data { try Data(contentsOf: url(path)) }

  @discardableResult
  func write(_ data: Data, to path: String) throws -> URL {
    let url = url(path)
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try data.write(to: url)
    return url
  }

  @discardableResult
  func write(_ text: String, to path: String) throws -> URL { try write(Data(text.utf8), to: path) }

  /// Writes pictures that can be read, as their names say JPEG or PNG.
  func pictures(_ paths: String...) throws {
    for path in paths {
      try write(Data(), to: path)
      try Self.picture.write(to: url(path))
    }
  }

  private static let picture: Picture = {
    let (width, height) = (96, 64)
    var pixels: [UInt8] = []
    for y in 0..<height {
      for x in 0..<width { pixels += [UInt8(2 * x), UInt8(3 * y), UInt8(x ^ y)] }
    }
    return Picture(width: width, height: height, pixels: pixels)
  }()

  /// Runs the program here.
  func glip(_ arguments: String..., environment: [String: String] = [:]) async throws -> Outcome {
    try await start(arguments, environment: environment).outcome()
  }

  /// `glip detect` with a small network that reports whatever it sees.
  func detect(_ arguments: String..., classes: Bool = true) async throws -> Outcome {
    let prompt = classes ? ["--classes", "cat, cup"] : []
    let common = ["detect", "--model", try TinyModel.file().path, "--min-size", "64", "--max-size", "128"]
    return try await start(
      common + ["--threshold", "0", "--max-detections", "3"] + prompt + arguments
    ).outcome()
  }
}

/// A checkpoint with every part of GLIP and computed weights, so small that it runs in no time.
enum TinyModel {
  static let configuration = GLIPConfiguration(
    swin: SwinConfiguration(channels: 16, depths: [1, 1, 1, 1], heads: [1, 2, 4, 4], window: 5),
    bert: BERTConfiguration(
      vocabulary: 30_522, width: 64, layers: 1, heads: 1, intermediate: 64, positions: 300),
    head: HeadConfiguration(channels: 32, blocks: 1, fusion: true, fusionWidth: 64, groups: 16, classes: 3))

  static func parameters() throws -> Parameters {
    let parameters = Parameters(from: EagerWeights())
    _ = try GLIPModel(parameters.root, configuration)
    return parameters
  }

  /// Written once, beside the tests.
  static func file() throws -> URL { try written.get() }

  private static let written = Result {
    let url = try Command.executable().deletingLastPathComponent().appending(path: "tiny.safetensors")
    try ModelFile.write(parameters(), configuration: configuration, to: url)
    return url
  }
}

/// The computed weights, but for a prior that lets everything pass for an object.
private struct EagerWeights: ParameterSource {
  func parameter(_ name: String, shape: [Int], initial: Initializer) throws -> Tensor {
    name == "rpn.head.bias0"
      ? try Tensor.zeros(shape)
      : try DemonstrationWeights(TinyModel.configuration).parameter(name, shape: shape, initial: initial)
  }
}

/// Whether the run ended as every mistake should: with one sentence, a code, and nothing on the standard output.
func expectRefusal(
  _ outcome: Outcome, _ parts: String..., status: Int32 = 1, location: SourceLocation = #_sourceLocation
) {
  #expect(outcome.status == status, sourceLocation: location)
  #expect(!outcome.wasKilled, sourceLocation: location)
  #expect(outcome.output == "", sourceLocation: location)
  #expect(outcome.sentences.count == 1, "\(outcome.errors)", sourceLocation: location)
  #expect(isSentence(outcome.errors), "\(outcome.errors)", sourceLocation: location)
  for part in parts { #expect(outcome.errors.contains(part), sourceLocation: location) }
}

func isSentence(_ line: String) -> Bool {
  let line = line.trimmingCharacters(in: .newlines)
  return line.hasPrefix("glip: ") && line.hasSuffix(".") && !line.hasSuffix("..") && !line.contains("Error")
}
