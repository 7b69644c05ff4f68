import GLIP
import GroundingEvaluation
import Pictures

/// A network and what it looks for, as `glip detect` was asked.
struct Search: Sendable {
  let detector: Detector
  private let prompt: Prompt
  private let options: DetectionOptions
  private let merging: BoxMerging?

  /// Loads the network. A prompt or an option that cannot be used is the same for every picture: it is found here.
  init(_ command: DetectCommand) throws {
    prompt = try command.prompt.resolved()
    options = command.report.resolved()
    detector = try command.model.detector(style: command.prompt.style.value)
    try detector.validate(prompt, options: options)
    merging = command.softNMS.map { BoxMerging(.gaussianDecay(sigma: $0)) }
  }

  /// The picture as the network sees it; for the thread that reads ahead.
  func prepare(_ picture: Picture) throws -> NetworkInput { try detector.prepare(picture, options: options) }

  func found(in input: NetworkInput) throws -> [Detection] {
    guard let merging else { return try detector.detect([input], prompt, options: options)[0] }
    let found = try detector.detect([input], prompt, options: options.withoutSuppression)[0]
    return merging.merged(found).reported(options)
  }
}
