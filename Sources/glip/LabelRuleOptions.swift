import ArgumentParser
import GLIP
import GroundingData

/// Which detections become boxes.
struct LabelRuleOptions: ParsableArguments {
  @Option(help: "Detections up to this score are left out, 0 to 1.")
  var threshold = 0.5

  @Option(
    help: ArgumentHelp("The smallest share of the picture that a box may take, 0 to 1.", valueName: "share"))
  var minArea = 0.0

  @Option(
    help: ArgumentHelp("The largest share of the picture that a box may take, 0 to 1.", valueName: "share"))
  var maxArea = 1.0

  @Option(
    help: ArgumentHelp(
      "Boxes of one phrase or class that overlap by more than this share are one object, 0 to 1.",
      valueName: "share"))
  var nms = 0.6

  @Option(
    help: ArgumentHelp(
      "Of boxes that overlap by more than this share, whatever names them, the best is kept.",
      valueName: "share"))
  var nmsAll: Double?

  @Option(help: ArgumentHelp("The most boxes of one phrase or class.", valueName: "count"))
  var maxBoxes: Int?

  @Option(help: ArgumentHelp("A picture with fewer boxes gets none.", valueName: "count"))
  var minBoxes = 1

  @Flag(help: "Keep pictures without boxes in the result.")
  var keepEmpty = false

  @Option(
    help: ArgumentHelp(
      "Noun phrases not to look for, in place of the list that comes with the program: one on a line; a single word "
        + "stands for all phrases that end in it.", valueName: "file"))
  var excludePhrases: String?

  @Option(
    help: ArgumentHelp("The most detections of one picture that are considered.", valueName: "count"))
  var maxDetections = 100

  @OptionGroup var size: SizeOptions

  func validate() throws {
    guard minArea <= maxArea else { throw ValidationError("--min-area is larger than --max-area") }
  }

  func rules() -> LabellingRules {
    var rules = LabellingRules()
    rules.threshold = threshold
    rules.areas = minArea...maxArea
    rules.overlap = nmsAll
    rules.boxesPerPhrase = maxBoxes
    rules.minimumBoxes = minBoxes
    rules.keepsEmptyPictures = keepEmpty
    return rules
  }

  func options() -> DetectionOptions {
    var options = DetectionOptions()
    options.overlap = nms
    options.maximumDetections = maxDetections
    options.resize = size.rule
    return options
  }

  /// What the labels depend on, by the options' names.
  var settings: [String: String] {
    [
      "--threshold": "\(threshold)", "--min-area": "\(minArea)", "--max-area": "\(maxArea)",
      "--nms": "\(nms)",
      "--nms-all": nmsAll.map { "\($0)" } ?? "none", "--max-boxes": maxBoxes.map { "\($0)" } ?? "any",
      "--min-boxes": "\(minBoxes)", "--keep-empty": "\(keepEmpty)", "--max-detections": "\(maxDetections)",
      "--min-size": size.rule.map { "\($0)" } ?? "the network's",
    ]
  }
}
