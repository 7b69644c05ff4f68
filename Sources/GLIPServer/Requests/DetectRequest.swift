import Foundation
import GLIP

/// A request for detections whose fields are all in their ranges.
struct DetectRequest: Sendable {
  /// Files, not decoded yet.
  let pictures: [Data]
  let prompt: Prompt
  let options: DetectionOptions
  let format: OutputFormat

  /// - Parameter defaults: what holds where the request does not say.
  init(_ fields: RequestFields, defaults: DetectionOptions, limits: ServiceLimits) throws(APIError) {
    prompt = try Self.prompt(fields, limits)
    var options = defaults
    if let threshold = fields.threshold {
      guard (0...1).contains(threshold) else {
        throw APIError(.invalidField, "The field 'threshold' must be from 0 to 1.")
      }
      options.threshold = threshold
    }
    if let most = fields.maximumDetections {
      guard (1...limits.detections).contains(most) else {
        throw APIError(.invalidField, "The field 'max_detections' must be from 1 to \(limits.detections).")
      }
      options.maximumDetections = most
    }
    self.options = options
    format = fields.format ?? .json
    pictures = fields.pictures
  }

  private static func prompt(_ fields: RequestFields, _ limits: ServiceLimits) throws(APIError) -> Prompt {
    let texts = [fields.classes?.joined(), fields.prompt, fields.caption].compactMap { $0 }
    guard texts.count == 1 else {
      let names = RequestField.prompts.map { "'\($0.rawValue)'" }.joined(separator: ", ")
      throw APIError(.invalidField, "Say what to look for with exactly one of the fields \(names).")
    }
    guard texts[0].unicodeScalars.count <= limits.promptCharacters else {
      throw APIError(
        .invalidField, "The prompt has more than the \(limits.promptCharacters) characters it may have.")
    }
    if let classes = fields.classes {
      guard classes.count <= limits.classes else {
        throw APIError(
          .invalidField, "The field 'classes' has more than the \(limits.classes) names it may have.")
      }
      return .classes(classes == [""] ? [] : classes.map { ClassPrompt($0) })
    }
    return fields.prompt.map { .text($0) } ?? .caption(fields.caption ?? "")
  }
}
