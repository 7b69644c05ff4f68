import Checkpoints
import GLIP
import GroundingEvaluation
import Torch

extension ModelOptions {
  /// What of the network detections depend on, by name.
  func evaluationSettings() throws -> [String: String] {
    var settings: [String: String] = [:]
    let device = try Device(device)
    let isQuantized: Bool
    if model == "demonstration" {
      (settings["model"], isQuantized) = ("demonstration", false)
    } else {
      let file = try Self.file(model)
      do {
        isQuantized = try ModelFile(file, preset: network.preset).isQuantized
        settings["model"] = "\(file.lastPathComponent) \(try Fingerprint(contentsOf: file))"
      } catch { throw CommandError(error, at: model) }
    }
    settings["precision"] = precision.resolved(on: device, isQuantized: isQuantized).rawValue
    settings["device"] = device.isCPU ? "cpu" : "accelerator"
    return settings
  }

  /// The detector for data sets, which have classes of one name, and such without any.
  func evaluatedDetector(classesPerText: Int? = nil) throws -> Detector {
    try detector(style: .evaluation) { prompts in
      prompts.maximumClasses = classesPerText
      (prompts.acceptsRepeatedPhrases, prompts.acceptsBlankNames) = (true, true)
    }
  }
}
