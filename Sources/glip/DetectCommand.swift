import ArgumentParser
import Foundation
import GLIP
import Pictures

struct Detect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Find in pictures what a prompt names.",
    discussion: """
      Results are printed as a table, and written as annotated pictures (--output) or JSON (--json) when asked.
      A picture that cannot be read is reported, the others are still done, and the exit code is then 1.
      """)

  @Argument(help: "Picture files, folders of pictures, or patterns such as 'photos/*.jpg'.")
  var pictures: [String]

  @OptionGroup(title: "What to look for") var prompt: PromptOptions
  @OptionGroup(title: "The network") var model: ModelOptions
  @OptionGroup(title: "What to report") var detection: DetectionOptionGroup

  @Flag(help: "Look for pictures in the folders of a folder too.")
  var recursive = false

  @Option(
    help: ArgumentHelp(
      "Where annotated pictures go: a folder, or for a single picture a .png or .jpg file.", valueName: "path"
    ))
  var output: String?

  @Option(help: ArgumentHelp("Where detections go as JSON; - for the standard output.", valueName: "file"))
  var json: String?

  func run() throws {
    let files = try PictureFiles.find(pictures, recursive: recursive)
    let prompt = try prompt.resolved()
    let options = try detection.resolved()
    let output = try self.output.map { try AnnotatedOutput($0, for: files) }
    let detector = try model.detector(style: self.prompt.style.value)
    // A prompt or an option that cannot be used is the same for every picture: say so once, before any work.
    try detector.validate(prompt, options: options)

    let progress = ProgressLine()
    var failures = 0
    var records: [DetectionRecord] = []
    for (index, file) in files.enumerated() {
      progress.show(index, of: files.count, unit: "pictures")
      do {
        let picture = try Picture(contentsOf: file.url)
        let found = try detector.detect(picture, prompt, options: options)
        try output?.write(picture, found, for: file)
        records += found.map { DetectionRecord($0, file: file.path, image: index + 1) }
        progress.clear()
        if json != "-" { report(found, file) }
      } catch {
        failures += 1
        progress.clear()
        warn("\(file.path): \(reason(error))")
      }
    }
    if let json { try DetectionRecord.write(records, to: json) }
    if let output, failures < files.count {
      print("Annotated pictures: \(output.description)", to: json == "-")
    }
    if failures > 0 {
      if files.count > 1 { warn("\(failures) of \(files.count) pictures could not be done.") }
      throw ExitCode(1)
    }
  }

  private func report(_ found: [Detection], _ file: PictureFile) {
    print("\(file.path): \(found.isEmpty ? "nothing found" : "\(found.count) found")")
    guard !found.isEmpty else { return }
    func pixels(_ value: Double) -> String { String(format: "%.1f", value) }
    let rows = found.map { detection in
      let box = detection.box
      return [
        "  " + detection.label, String(format: "%.3f", detection.score), pixels(box.x0), pixels(box.y0),
        pixels(box.width), pixels(box.height),
      ]
    }
    print(table([["  label", "score", "x", "y", "width", "height"]] + rows, rightAligned: [1, 2, 3, 4, 5]))
  }

  private func print(_ text: String, to errors: Bool = false) {
    if errors { warn(text) } else { Swift.print(text) }
  }
}

/// Where annotated pictures go.
private struct AnnotatedOutput: CustomStringConvertible {
  private let target: URL
  private let isFile: Bool
  private let names: [String: String]
  let description: String

  init(_ path: String, for files: [PictureFile]) throws {
    description = path
    target = URL(fileURLWithPath: path)
    isFile = ["png", "jpg", "jpeg"].contains(target.pathExtension.lowercased())
    if isFile, files.count > 1 {
      throw ValidationError(
        "--output \(path) is one file, but there are \(files.count) pictures; name a folder.")
    }
    // Pictures of one name from different folders must not overwrite each other.
    var taken: Set<String> = []
    var names: [String: String] = [:]
    for file in files where names[file.path] == nil {
      let base = (file.relativePath as NSString).deletingPathExtension
      let kind = ["jpg", "jpeg"].contains(file.url.pathExtension.lowercased()) ? "jpg" : "png"
      var name = "\(base).\(kind)"
      var number = 2
      while !taken.insert(name).inserted {
        name = "\(base)-\(number).\(kind)"
        number += 1
      }
      names[file.path] = name
    }
    self.names = names
  }

  func write(_ picture: Picture, _ found: [Detection], for file: PictureFile) throws {
    let annotations = found.map {
      Annotation(box: $0.box, label: $0.label, score: $0.score, colorIndex: $0.labelIndex)
    }
    let url = isFile ? target : target.appendingPathComponent(names[file.path] ?? file.relativePath)
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try picture.annotated(annotations).write(to: url)
  }
}
