import Foundation
import GLIP
import Torch

/// Networks with computed weights.
enum Networks {
  /// Every part of GLIP in a size that runs in milliseconds.
  static let tiny = GLIPConfiguration(
    swin: SwinConfiguration(channels: 16, depths: [1, 2, 2, 1], heads: [1, 2, 4, 4], window: 5),
    bert: BERTConfiguration(
      vocabulary: 30_522, width: 64, layers: 2, heads: 1, intermediate: 128, positions: 300),
    head: HeadConfiguration(channels: 32, blocks: 2, fusion: true, fusionWidth: 64, groups: 4, classes: 3))

  static func detector(_ configuration: GLIPConfiguration) throws -> Detector {
    let parameters = Parameters(from: DemonstrationWeights(configuration))
    return try Detector(model: GLIPModel(parameters.root, configuration))
  }

  /// Small pictures and no threshold, so that there is something to compare.
  static var everything: DetectionOptions {
    var options = DetectionOptions()
    options.threshold = 0
    options.candidateThreshold = 0
    options.resize = ResizeRule(minimumSide: 128, maximumSide: 192)
    return options
  }
}

/// A folder that is there while a test runs.
final class TemporaryFolder {
  let url = FileManager.default.temporaryDirectory.appendingPathComponent("glip-\(UUID().uuidString)")

  init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }
  deinit { try? FileManager.default.removeItem(at: url) }
}
