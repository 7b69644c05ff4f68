import Foundation
import GLIP
import GroundingData
import Torch

enum Networks {
  /// Every part of GLIP in a size that runs in milliseconds.
  static let tiny = GLIPConfiguration(
    swin: SwinConfiguration(channels: 16, depths: [1, 2, 2, 1], heads: [1, 2, 4, 4], window: 5),
    bert: BERTConfiguration(
      vocabulary: 6000, width: 64, layers: 2, heads: 1, intermediate: 128, positions: 300),
    head: HeadConfiguration(channels: 32, blocks: 2, fusion: true, fusionWidth: 64, groups: 4, classes: 3))

  /// A network to be trained, with computed weights.
  static func trainable(
    _ configuration: GLIPConfiguration, frozen: PathSet = []
  ) throws -> (model: GLIPModel, parameters: Parameters) {
    let source = TrainableParameters(DemonstrationWeights(configuration), frozen: frozen)
    let parameters = Parameters(from: source)
    return (try GLIPModel(parameters.root, configuration), parameters)
  }
}

extension GLIPConfiguration {
  /// The same with everything random switched off.
  var withoutDropout: GLIPConfiguration {
    var result = self
    (result.swin.dropPath, result.bert.dropout) = (0, 0)
    (result.head.fusionDropout, result.head.dropBlock) = (0, 0)
    return result
  }
}

extension Batch {
  /// Two pictures of noise with prompts of different lengths, and boxes for the first.
  static func small() throws -> Batch {
    Batch(
      pixels: try Tensor.randomNormal([2, 3, 64, 96], generator: Generator(seed: 5)),
      sizes: Array(repeating: Record.Size(width: 96, height: 64), count: 2),
      prompts: [[101, 4937, 1012, 2452, 1012, 2711, 102], [101, 3899, 1012, 2304, 102]],
      targets: [
        PictureTargets(
          boxes: [CornerBox(x0: 4, y0: 6, x1: 70, y1: 60), CornerBox(x0: 30, y0: 2, x1: 90, y1: 40)],
          tokens: [[1..<2], [3..<4, 5..<6]]), PictureTargets(boxes: [], tokens: []),
      ], ids: ["boxes", "background"])
  }
}

extension Tensor {
  /// The largest difference from another tensor, relative to that one's largest magnitude.
  func error(from expected: Tensor) throws -> Double {
    let expected = try expected.to(.float64)
    let scale = try expected.largestMagnitude()
    return try (to(.float64) - expected).largestMagnitude() / max(scale, 1e-30)
  }

  func largestMagnitude() throws -> Double { try absolute().flattened().maximum([0]).item() }

  /// The Euclidean length of all elements, in float64.
  func length() throws -> Double { try to(.float64).flattened().norm(0).item() }
}

/// Numbers that are the same in every run.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
