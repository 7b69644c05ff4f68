import Checkpoints
import Foundation
import GLIP
import Pictures
import Torch

/// Arrays recorded from the authors' code.
enum Golden {
  /// The few small cases that come with the tests.
  static let fixtures = Bundle.module.resourceURL!.appendingPathComponent("Fixtures/golden")

  /// All recorded cases, in a folder beside a checkout of the project; `GLIP_SHARED` overrides where it is looked for.
  static let all: URL? = {
    let environment = ProcessInfo.processInfo.environment["GLIP_SHARED"].map { URL(fileURLWithPath: $0) }
    let folder = (environment ?? root.deletingLastPathComponent().appendingPathComponent("shared"))
      .appendingPathComponent("golden")
    if FileManager.default.fileExists(atPath: folder.path) { return folder }
    print("Skipping comparisons with the full recorded arrays: there is no \(folder.path).")
    return nil
  }()

  static var isComplete: Bool { all != nil }

  /// The project.
  static let root = URL(fileURLWithPath: #filePath)  // Tests/GLIPTests/Support/Golden.swift
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  static func picture(_ name: String) throws -> Picture {
    let example = root.appendingPathComponent("Examples/pictures").appendingPathComponent(name)
    let recorded = all?.appendingPathComponent("images").appendingPathComponent(name)
    return try Picture(
      contentsOf: FileManager.default.fileExists(atPath: example.path) ? example : recorded ?? example)
  }
}

/// One recorded case: what was asked, and the arrays.
struct GoldenCase {
  private struct Description: Decodable {
    let image: String?
    let minimumSide: Int?
    let maximumSide: Int?
    let demoSide: Int?
    let kind: String?
    let caption: String
    let names: [String]?

    private enum CodingKeys: String, CodingKey {
      case image, caption, names
      case minimumSide = "min_size"
      case maximumSide = "max_size"
      case demoSide = "min_image_size"
      case kind = "prompt_kind"
    }
  }

  private let description: Description
  let arrays: Checkpoint
  let picture: Picture

  init(_ name: String, in folder: URL) throws {
    let base = folder.appendingPathComponent(name)
    description = try JSONDecoder().decode(
      Description.self, from: Data(contentsOf: base.appendingPathExtension("json")))
    arrays = try Checkpoint(opening: base.appendingPathExtension("safetensors"))
    picture = try Golden.picture(description.image ?? "coffee.png")
  }

  /// The authors' demo has no bound on the longer side; every detection is wanted.
  var options: DetectionOptions {
    var options = DetectionOptions()
    options.threshold = 0
    options.resize =
      description.minimumSide.map { ResizeRule(minimumSide: $0, maximumSide: description.maximumSide) }
      ?? ResizeRule(minimumSide: description.demoSide ?? 800, maximumSide: nil)
    return options
  }

  /// The prompt as a user would give it.
  var prompt: Prompt {
    let names = description.names ?? []
    switch description.kind {
    case "det": return .classes(names.map { ClassPrompt($0) })
    case "cap":
      let text = description.caption
      let spans = names.compactMap { text.range(of: $0) }.map {
        text.distance(
          from: text.startIndex, to: $0.lowerBound)..<text.distance(from: text.startIndex, to: $0.upperBound)
      }
      return .caption(text, spans: spans)
    default: return .text(description.caption)
    }
  }

  func array(_ name: String) throws -> Tensor { try Tensor(named: name, in: arrays) }
}

extension Tensor {
  /// The largest difference from a recorded array, relative to that array's largest magnitude.
  func error(from recorded: Tensor) throws -> Double {
    let expected = try recorded.to(.float64)
    let scale = try expected.absolute().flattened().maximum([0]).item()
    let difference = try (to(.float64) - expected).absolute().flattened().maximum([0]).item()
    return difference / max(scale, 1e-12)
  }
}
