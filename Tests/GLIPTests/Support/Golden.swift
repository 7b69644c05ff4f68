import Checkpoints
import Foundation
import GLIP
import Pictures
import Torch

/// Arrays recorded from the authors' code, where they are at hand.
enum Golden {
  /// The folder with recorded arrays beside a checkout of the project; `GLIP_SHARED` overrides where it is looked for.
  static let folder: URL? = {
    let environment = ProcessInfo.processInfo.environment["GLIP_SHARED"].map { URL(fileURLWithPath: $0) }
    let beside = URL(fileURLWithPath: #filePath)  // Tests/GLIPTests/Support/Golden.swift
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("shared")
    let folder = (environment ?? beside).appendingPathComponent("golden")
    if FileManager.default.fileExists(atPath: folder.path) { return folder }
    print("Skipping comparisons with the full recorded arrays: there is no \(folder.path).")
    return nil
  }()

  static var isAvailable: Bool { folder != nil }
}

/// One recorded case: what was asked, and the arrays.
struct GoldenCase {
  struct Description: Decodable {
    let image: String?
    let min_size: Int?
    let max_size: Int?
    let min_image_size: Int?
    let prompt_kind: String?
    let caption: String
    let names: [String]?
  }

  let description: Description
  let arrays: Checkpoint
  let picture: Picture

  init(folder: URL, variant: String, name: String, image: String? = nil) throws {
    let base = folder.appendingPathComponent(variant).appendingPathComponent(name)
    description = try JSONDecoder().decode(
      Description.self, from: Data(contentsOf: base.appendingPathExtension("json")))
    arrays = try Checkpoint(opening: base.appendingPathExtension("safetensors"))
    let file = image ?? description.image ?? "coffee.png"
    picture = try Picture(contentsOf: folder.appendingPathComponent("images").appendingPathComponent(file))
  }

  var options: DetectionOptions {
    var options = DetectionOptions()
    options.threshold = 0
    options.resize =
      description.min_size.map { ResizeRule(minimumSide: $0, maximumSide: description.max_size) }
      ?? ResizeRule(minimumSide: description.min_image_size ?? 800, maximumSide: nil)
    return options
  }

  /// The prompt as a user would give it.
  var prompt: Prompt {
    get throws {
      guard description.prompt_kind != nil else { return .text(description.caption) }
      let names = description.names ?? []
      guard description.prompt_kind == "cap" else { return .classes(names.map { ClassPrompt($0) }) }
      var spans: [Range<Int>] = []
      for name in names {
        guard let range = description.caption.range(of: name) else { continue }
        let text = description.caption
        spans.append(
          text.distance(
            from: text.startIndex, to: range.lowerBound)..<text.distance(
              from: text.startIndex, to: range.upperBound))
      }
      return .caption(description.caption, spans: spans)
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
