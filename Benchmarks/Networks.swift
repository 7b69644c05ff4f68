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
  let precision: Precision
  let url: URL

  /// Writes the file that suits a precision; scales for int8 are chosen on the given pictures.
  init(
    _ precision: Precision, calibratedOn pictures: [Picture] = [.generated(side: 400)],
    _ options: DetectionOptions = DetectionOptions()
  ) throws {
    self.precision = precision.resolved(on: .cpu)
    note("Writing a checkpoint of computed weights, \(self.precision.rawValue)")
    url = FileManager.default.temporaryDirectory.appending(path: "glip-\(UUID().uuidString).safetensors")
    let parameters = Parameters(from: DemonstrationWeights(Self.configuration))
    _ = try GLIPModel(parameters.root, Self.configuration)
    let dtype = self.precision == .bfloat16 ? DType.bfloat16 : .float32
    try ModelFile.write(parameters, configuration: Self.configuration, dtype: dtype, to: url)
    guard precision == .int8 else { return }
    let calibration = Calibration()
    let detector = try Detector(checkpoint: url)
    for picture in pictures {
      _ = try calibration.observing { try detector.detect(picture, Names.three, options: options) }
    }
    try ModelFile(url).quantize(calibration, to: url)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  func detector() throws -> Detector { try Detector(checkpoint: url, precision: precision) }

  func plainDetector() throws -> PlainDetector {
    let parameters = Parameters(from: CheckpointParameters(try Checkpoint(opening: url)))
    _ = try GLIPModel(parameters.root, Self.configuration)
    return PlainDetector(
      PlainModel(Weights(parameters), Self.configuration),
      prompts: PromptEncoder(tokenizer: try .bertUncased()))
  }
}

extension Precision {
  /// Those that this machine can compute in.
  static var available: [Precision] {
    [.float32, .bfloat16] + (Kernels.support(.int8) ? [.int8] : [])
  }
}

extension MatrixPeak.Arithmetic {
  /// What the products of a precision are made of; `nil` for the one that stands for others.
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
