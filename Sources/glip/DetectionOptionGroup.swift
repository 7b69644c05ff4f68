import ArgumentParser
import GLIP

/// Thresholds and sizes.
struct DetectionOptionGroup: ParsableArguments {
  @Option(help: "Detections below this score are not reported, 0 to 1.")
  var threshold = 0.5

  @Option(help: ArgumentHelp("A threshold for one label; may be repeated.", valueName: "label=score"))
  var labelThreshold: [String] = []

  @Option(help: "The most detections of one picture.")
  var maxDetections = 100

  @Option(help: "Boxes of one label that overlap by more than this share are one object, 0 to 1.")
  var nms = 0.6

  @Option(help: "Pixels of the shorter side at which the network sees a picture.")
  var minSize = 800

  @Option(help: "Pixels that the longer side may not exceed; 0 for no bound.")
  var maxSize = 1333

  func resolved() throws -> DetectionOptions {
    var options = DetectionOptions()
    options.threshold = threshold
    options.maximumDetections = maxDetections
    options.overlap = nms
    options.resize = ResizeRule(minimumSide: minSize, maximumSide: maxSize == 0 ? nil : maxSize)
    for text in labelThreshold {
      guard let equals = text.lastIndex(of: "="), let value = Double(text[text.index(after: equals)...])
      else {
        throw ValidationError("--label-threshold takes 'label=score', such as 'cat=0.3', not '\(text)'.")
      }
      options.labelThresholds[String(text[..<equals])] = value
    }
    return options
  }
}
