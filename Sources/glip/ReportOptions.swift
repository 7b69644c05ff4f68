import ArgumentParser
import GLIP

/// Thresholds and sizes.
struct ReportOptions: ParsableArguments {
  @Option(help: "Detections below this score are not reported, 0 to 1.")
  var threshold = 0.5

  @Option(
    help: ArgumentHelp("A threshold for one label; may be repeated.", valueName: "label=score"),
    transform: LabelThreshold.init)
  var labelThreshold: [LabelThreshold] = []

  @Option(help: ArgumentHelp("The most detections of one picture.", valueName: "count"))
  var maxDetections = 100

  @Option(
    help: ArgumentHelp(
      "Boxes of one label that overlap by more than this share are one object, 0 to 1.", valueName: "share"))
  var nms = 0.6

  @OptionGroup var size: SizeOptions

  func resolved() -> DetectionOptions {
    var options = DetectionOptions()
    options.threshold = threshold
    for item in labelThreshold { options.labelThresholds[item.label] = item.score }
    options.maximumDetections = maxDetections
    options.overlap = nms
    options.resize = size.rule
    return options
  }
}

/// `cat=0.3`.
struct LabelThreshold {
  let label: String
  let score: Double

  init(_ text: String) throws {
    guard let equals = text.lastIndex(of: "="), equals > text.startIndex,
      let score = Double(text[text.index(after: equals)...])
    else {
      throw ValidationError("a label and its score are expected, such as 'cat=0.3'")
    }
    label = String(text[..<equals])
    self.score = score
  }
}
