import Checkpoints
import Foundation
import GLIP
import GroundingData
import GroundingTraining
import Pictures
import RunLog
import Torch

/// A run on a few generated pictures with a network of every part in small, in a folder that is there while a test runs.
final class SmallRun {
  let folder = FileManager.default.temporaryDirectory.appending(path: "glip-run-\(UUID().uuidString)")
  var configuration = TrainingConfiguration()

  /// - Parameter pictures: with a square of one of two colours, which is what they are called by
  init(pictures: Int = 8) throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    var generator = SplitMix(state: 3)
    var images: [[String: Any]] = []
    var annotations: [[String: Any]] = []
    for index in 0..<pictures {
      let (x, y) = (Int.random(in: 0..<40, using: &generator), Int.random(in: 0..<30, using: &generator))
      let isRed = index.isMultiple(of: 2)
      try Picture.square(x: x, y: y, isRed: isRed).write(to: folder.appending(path: "\(index).png"))
      images.append(["id": index + 1, "file_name": "\(index).png", "width": 96, "height": 64])
      annotations.append([
        "id": index + 1, "image_id": index + 1, "category_id": isRed ? 1 : 2, "bbox": [x, y, 32, 32],
        "area": 1024, "iscrowd": 0,
      ])
    }
    let file: [String: Any] = [
      "images": images, "annotations": annotations,
      "categories": [["id": 1, "name": "red square"], ["id": 2, "name": "blue square"]],
    ]
    try JSONSerialization.data(withJSONObject: file).write(to: folder.appending(path: "data.json"))

    configuration.network.sizes = Self.network
    let data = DatasetDescription(
      annotations: folder.appending(path: "data.json").path, pictures: folder.path)
    configuration.data.training = [TrainingPart(data)]
    configuration.data.augmentation = .none(shortSide: 64, longestSide: 96)
    configuration.data.augmentation.flipProbability = 0.5
    configuration.optimization.batch = 4
    configuration.optimization.steps = 6
    configuration.optimization.warmUpSteps = 2
    configuration.logEvery = 1
    configuration.seed = 7
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  static let network: GLIPConfiguration = {
    var network = Networks.tiny
    // The vocabulary's words.
    network.bert.vocabulary = 30_522
    return network
  }()

  /// The terms that are left off by default, too.
  static let allTerms: LossConfiguration = {
    var loss = LossConfiguration()
    (loss.maskedLanguageWeight, loss.contrastiveWeight) = (1, 0.5)
    return loss
  }()

  func results(_ name: String) -> URL { folder.appending(path: name) }

  /// Trains to the end, or for some steps.
  @discardableResult
  func train(
    _ name: String = "results", isResuming: Bool = false, steps: Int = .max,
    _ configuration: TrainingConfiguration? = nil
  ) throws -> Trainer.Ending {
    let trainer = try Trainer(
      configuration ?? self.configuration, results: results(name), isResuming: isResuming)
    var done = 0
    return try trainer.run {
      done += 1
      return done >= steps
    }
  }

  /// Every array of a file that a run has written.
  func arrays(_ name: String, _ file: String = "checkpoints/state.safetensors") throws -> [String: [UInt8]] {
    let checkpoint = try Checkpoint(opening: results(name).appending(path: file))
    return try Dictionary(
      uniqueKeysWithValues: checkpoint.entries.map { entry in
        (entry.name, try Tensor(named: entry.name, in: checkpoint).withBytes { Array($0) })
      })
  }
}

extension Picture {
  fileprivate static func square(x: Int, y: Int, isRed: Bool) -> Picture {
    var pixels = [UInt8](repeating: 128, count: 3 * 96 * 64)
    for row in y..<y + 32 {
      for column in x..<x + 32 {
        let pixel = 3 * (96 * row + column)
        (pixels[pixel], pixels[pixel + 1], pixels[pixel + 2]) = (isRed ? 220 : 20, 30, isRed ? 20 : 220)
      }
    }
    return Picture(width: 96, height: 64, pixels: pixels)
  }
}
