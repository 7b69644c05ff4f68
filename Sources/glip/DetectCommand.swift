import ArgumentParser
import Foundation
import GLIP
import GroundingEvaluation
import Pictures
import RunLog

struct DetectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "detect",
    abstract: "Find in pictures what a prompt names.",
    discussion: """
      Results are printed as a table, and written as annotated pictures (--output) or JSON (--json) when asked.
      A picture that cannot be read is reported, the others are still done, and the exit code is then 1.
      """)

  @Argument(help: "Picture files, folders of pictures, or patterns such as 'photos/*.jpg'.")
  var pictures: [String]

  @OptionGroup(title: "What to look for") var prompt: PromptOptions
  @OptionGroup(title: "The network") var model: ModelOptions
  @OptionGroup(title: "What to report") var report: ReportOptions

  @Option(
    name: .customLong("soft-nms"),
    help: ArgumentHelp(
      "Lower the scores of boxes that overlap better ones instead of dropping them, in place of --nms; the smaller the "
        + "number, the more. 0.5 is usual.", valueName: "sigma"))
  var softNMS: Double?

  @Flag(help: "Look for pictures in the folders of a folder too.")
  var recursive = false

  @Option(
    help: ArgumentHelp(
      "Where annotated pictures go: a folder, or for a single picture a .png or .jpg file.", valueName: "path"
    ))
  var output: String?

  @Option(help: ArgumentHelp("Where detections go as JSON; - for the standard output.", valueName: "file"))
  var json: String?

  func validate() throws {
    if let softNMS, !(softNMS > 0 && softNMS < .infinity) {
      throw ValidationError("--soft-nms is \(softNMS); it must be above 0")
    }
  }

  func run() throws {
    let files = try PictureFiles.find(pictures, recursive: recursive)
    let inputs = try files.map(\.path) + prompt.files + model.files()
    let annotated = try output.map { try AnnotatedOutput($0, for: files, keeping: inputs) }
    let list = try json.map { try DetectionList($0, keeping: inputs) }
    let prompt = try prompt.resolved()
    let options = report.resolved()
    let detector = try model.detector(style: self.prompt.style.value)
    // A prompt or an option that cannot be used is the same for every picture: say so once, before any work.
    try detector.validate(prompt, options: options)
    try annotated?.prepare()
    try list?.prepare()
    model.warn(about: detector)

    let progress = ProgressLine()
    var failures = 0
    var records: [DetectionRecord] = []
    let ahead = ReadAhead(files) { file in
      let picture = try Picture(contentsOf: file.url)
      return (picture: picture, input: try detector.prepare(picture, options: options))
    }
    for (index, file) in files.enumerated() {
      progress.show(index, of: files.count, unit: "pictures")
      let found: [Detection]
      do {
        let (picture, input) = try ahead.next()
        found = try detect(input, prompt, by: detector, options)
        try annotated?.write(picture, found, at: index)
      } catch {
        failures += 1
        progress.clear()
        warn(CommandError(error, at: file.path).message)
        continue
      }
      records += found.map { DetectionRecord($0, file: file.path, image: index + 1) }
      progress.clear()
      if list?.isStandardOutput != true { try say(Self.table(of: found, in: file)) }
    }

    if failures < files.count {
      try list?.write(records)
      if let annotated, list?.isStandardOutput != true { try say("Annotated pictures: \(annotated.path)") }
    }
    guard failures > 0 else { return }
    if files.count > 1 { warn("\(failures) of \(files.count) pictures could not be done") }
    throw ExitCode.failure
  }

  private func detect(
    _ input: NetworkInput, _ prompt: Prompt, by detector: Detector, _ options: DetectionOptions
  ) throws -> [Detection] {
    guard let softNMS else { return try detector.detect([input], prompt, options: options)[0] }
    let found = try detector.detect([input], prompt, options: options.withoutSuppression)[0]
    return BoxMerging(.gaussianDecay(sigma: softNMS)).merged(found).reported(options)
  }

  private static func table(of found: [Detection], in file: PictureFile) -> String {
    let title = "\(printable(file.path)): \(found.isEmpty ? "nothing found" : "\(found.count) found")"
    guard !found.isEmpty else { return title }
    func pixels(_ value: Double) -> String { String(format: "%.1f", value) }
    let rows = found.map { detection in
      let box = detection.box
      return [
        "  " + detection.label, String(format: "%.3f", detection.score), pixels(box.x0), pixels(box.y0),
        pixels(box.width), pixels(box.height),
      ]
    }
    let head = ["  label", "score", "x", "y", "width", "height"]
    return title + "\n" + glip.table([head] + rows, rightAligned: [1, 2, 3, 4, 5])
  }
}
