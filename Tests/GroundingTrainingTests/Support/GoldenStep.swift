import Checkpoints
import Foundation
import GLIP
import GroundingData
import Torch

/// One training step recorded from the authors' code: a detection sample and a caption, everything random switched off.
struct GoldenStep {
  struct Description: Decodable {
    let losses: [String: Double]
    let total: Double
    let totalGradientNorm: Double
    let gradientNorms: [String: Double]
    let rates: [String: [Double]]
    let changeNorms: [String: Double]

    private enum CodingKeys: String, CodingKey {
      case losses, total
      case totalGradientNorm = "total_grad_norm"
      case gradientNorms = "grad_norm"
      case rates = "lr_wd_at_iter0"
      case changeNorms = "step_delta_norm"
    }
  }

  let description: Description
  private let arrays: Checkpoint
  let gradients: Checkpoint

  /// In a folder beside a checkout of the project; `GLIP_SHARED` overrides where it is looked for.
  static let folder: URL? = {
    let root = URL(fileURLWithPath: #filePath)  // Tests/GroundingTrainingTests/Support/GoldenStep.swift
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let environment = ProcessInfo.processInfo.environment["GLIP_SHARED"].map { URL(fileURLWithPath: $0) }
    let folder = (environment ?? root.deletingLastPathComponent().appendingPathComponent("shared"))
      .appendingPathComponent("golden/train")
    if FileManager.default.fileExists(atPath: folder.path) { return folder }
    print("Skipping comparisons with the recorded training step: there is no \(folder.path).")
    return nil
  }()

  static var isPresent: Bool { folder != nil }

  init(in folder: URL) throws {
    let base = folder.appendingPathComponent("glip_t_c")
    description = try JSONDecoder().decode(
      Description.self, from: Data(contentsOf: base.appendingPathExtension("json")))
    arrays = try Checkpoint(opening: base.appendingPathExtension("safetensors"))
    gradients = try Checkpoint(opening: folder.appendingPathComponent("glip_t_c_grads.safetensors"))
  }

  func array(_ name: String) throws -> Tensor { try Tensor(named: name, in: arrays) }

  /// Tokens of the prompts, without padding.
  func prompts() throws -> [[Int32]] {
    let ids = try array("input_ids").elements(Int64.self)
    return try tokenCounts().enumerated().map { picture, count in
      ids[256 * picture..<256 * picture + count].map(Int32.init)
    }
  }

  func tokenCounts() throws -> [Int] {
    try array("attention_mask").sum([1]).elements(Int64.self).map(Int.init)
  }

  func targets() throws -> [PictureTargets] {
    let map = try array("positive_map").elements(Float.self)
    var row = 0
    return try ["boxes0", "boxes1"].map { name in
      let corners = try array(name).elements(Float.self).map(Double.init)
      let boxes = stride(from: 0, to: corners.count, by: 4).map {
        CornerBox(x0: corners[$0], y0: corners[$0 + 1], x1: corners[$0 + 2], y1: corners[$0 + 3])
      }
      let tokens = boxes.indices.map { box in
        (0..<256).filter { map[256 * (row + box) + $0] > 0 }.map { $0..<($0 + 1) }
      }
      row += boxes.count
      return PictureTargets(boxes: boxes, tokens: tokens)
    }
  }
}
