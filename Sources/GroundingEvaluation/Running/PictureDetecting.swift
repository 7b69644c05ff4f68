import GLIP
import Pictures

/// What finds things on a picture: a detector as it is, or one that looks at every picture several times.
public protocol PictureDetecting: Sendable {
  /// Detections by falling score, boxes in pixels of `picture`.
  func detect(_ picture: Picture, _ prompt: Prompt) throws -> [Detection]
}

/// A detector with the options it is evaluated with.
public struct EvaluatedDetector: PictureDetecting {
  public let detector: Detector
  public let options: DetectionOptions

  public init(_ detector: Detector, options: DetectionOptions) {
    (self.detector, self.options) = (detector, options)
  }

  public func detect(_ picture: Picture, _ prompt: Prompt) throws -> [Detection] {
    try detector.detect(picture, prompt, options: options)
  }
}
