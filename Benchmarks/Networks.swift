import Checkpoints
import Foundation
import GLIP
import Measuring
import Pictures
import PlainGLIP
import Torch

/// GLIP-T (C) with computed weights in a temporary file, from which every contestant is loaded as a user would.
final class DemonstrationFile {
  static let configuration = Preset.glipTC.configuration
  let url: URL

  /// - Parameter precision: of the weights; int8 is calibrated on a generated picture
  init(_ precision: Precision = .float32) throws {
    note("Writing a checkpoint of computed weights, \(precision.rawValue)")
    url = FileManager.default.temporaryDirectory.appending(path: "glip-\(UUID().uuidString).safetensors")
    let parameters = Parameters(from: DemonstrationWeights(Self.configuration))
    _ = try GLIPModel(parameters.root, Self.configuration)
    let dtype = precision == .bfloat16 ? DType.bfloat16 : .float32
    try ModelFile.write(parameters, configuration: Self.configuration, dtype: dtype, to: url)
    guard precision == .int8 else { return }
    let calibration = Calibration()
    let detector = try Detector(checkpoint: url)
    _ = try calibration.observing { try detector.detect(.generated(side: 400), Names.three) }
    try ModelFile(url).quantize(calibration, to: url)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  func detector(_ precision: Precision) throws -> Detector {
    try Detector(checkpoint: url, precision: precision)
  }

  func plainDetector() throws -> PlainDetector {
    let parameters = Parameters(from: CheckpointParameters(try Checkpoint(opening: url)))
    _ = try GLIPModel(parameters.root, Self.configuration)
    return PlainDetector(
      PlainModel(Weights(parameters), Self.configuration),
      prompts: PromptEncoder(tokenizer: try .bertUncased()))
  }
}

extension MatrixPeak.Arithmetic {
  /// What a precision is made of; `nil` where it mixes several.
  init?(_ precision: Precision) { self.init(rawValue: precision.rawValue) }
}

extension DetectionOptions {
  /// Shorter side and the paper's aspect: at most 1333 : 800.
  init(side: Int) {
    self.init()
    resize = ResizeRule(minimumSide: side, maximumSide: side * 1333 / 800)
  }
}

extension Picture {
  /// A picture that the network sees as it is at this shorter side.
  static func generated(side: Int) -> Picture { .generated(width: side * 1333 / 800, height: side) }
}
