import ArgumentParser
import Foundation
import GLIP
import Pictures
import RunLog
import Video

struct DetectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "detect",
    abstract: "Find in pictures, or in a video, what a prompt names.",
    discussion: """
      Results are printed as a table, and written as annotated pictures (--output) or JSON (--json) when asked.
      A picture that cannot be read is reported, the others are still done, and the exit code is then 1.

      Of a video (\(PictureFiles.videoExtensions.sorted().joined(separator: ", "))) the frames are looked at one by one; \
      ffmpeg must be installed. Ctrl-C ends it after the frame at hand, with what was found until then.
      """)

  @Argument(
    help: "Picture files, folders of pictures, or patterns such as 'photos/*.jpg'; or one video file.")
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
      "Where annotated pictures go: a folder, or for a single picture a .png or .jpg file, for a video a .mp4 file.",
      valueName: "path"))
  var output: String?

  @Option(help: ArgumentHelp("Where detections go as JSON; - for the standard output.", valueName: "file"))
  var json: String?

  @Option(
    help: ArgumentHelp(
      "Frames of a video to look at in each second of it; the annotated video has these frames. (default: all)",
      valueName: "count"))
  var fps: Double?

  func validate() throws {
    if let fps, !VideoReader.rates.contains(fps) {
      throw ValidationError("--fps is \(fps); it must be 0.001 to 1000")
    }
    if let softNMS, !(softNMS > 0 && softNMS < .infinity) {
      throw ValidationError("--soft-nms is \(softNMS); it must be above 0")
    }
  }

  func run() throws {
    let files = try PictureFiles.find(pictures, recursive: recursive)
    if files.contains(where: \.isVideo) { return try VideoDetection(self, of: files).run() }
    guard fps == nil else { throw CommandError("--fps is for videos, and no video is given") }
    let inputs = try files.map(\.path) + prompt.files + model.files()
    let annotated = try output.map { try AnnotatedOutput($0, for: files, keeping: inputs) }
    let list = try json.map { try DetectionList($0, keeping: inputs) }
    let search = try Search(self)
    try annotated?.prepare()
    try list?.prepare()
    model.warn(about: search.detector)

    let progress = ProgressLine()
    var failures = 0
    var records: [DetectionRecord] = []
    let ahead = ReadAhead(files) { file in
      let picture = try Picture(contentsOf: file.url)
      return (picture: picture, input: try search.prepare(picture))
    }
    for (index, file) in files.enumerated() {
      progress.show(index, of: files.count, unit: "pictures")
      let found: [Detection]
      do {
        let (picture, input) = try ahead.next()
        found = try search.found(in: input)
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
