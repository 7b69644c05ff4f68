import ArgumentParser
import Foundation
import GroundingData
import RunLog

struct DatasetSynthesizeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "synthesize",
    abstract: "Compose annotated pictures from cut-outs with known names.",
    discussion: """
      Scripts/corpus-materials fetches the cut-outs and backgrounds. The same seed gives the same pictures. The folder \
      appears when it is complete: annotations.json or .jsonl and images, or data for the formats that are folders. \
      With --view captions the boxes are kept aside in boxes.jsonl.
      """)

  @Option(help: ArgumentHelp("The folder to write, which is not there yet.", valueName: "folder"))
  var out: String

  @Option(help: ArgumentHelp("How many pictures.", valueName: "count"))
  var count = 1000

  @Option(help: "Chooses the pictures.")
  var seed: UInt64 = 0

  @Option(
    help:
      "What they are made of: \(SceneSettings.Split.allCases.map(\.rawValue).joined(separator: ", "))."
  )
  var split = SceneSettings.Split.train

  @Option(
    help:
      "What is said of them: \(SceneSettings.View.allCases.map(\.rawValue).joined(separator: ", ")). (default: captions for the split of that name, else detection)"
  )
  var view: SceneSettings.View?

  @Option(
    help:
      "The format: \(WrittenFormat.allCases.map(\.rawValue).joined(separator: ", ")). (default: coco for detection, else odvg)"
  )
  var format: WrittenFormat?

  @Option(help: ArgumentHelp("Square root of a picture's area.", valueName: "pixels"))
  var side = 320

  @Option(help: ArgumentHelp("Use no more than so many names.", valueName: "count"))
  var names: Int?

  @Option(help: ArgumentHelp("Where Scripts/corpus-materials has put things.", valueName: "folder"))
  var materials = ".deps/corpus"

  func validate() throws {
    for (name, value, range) in [
      ("count", count, 1...1 << 30), ("side", side, 64...2048), ("names", names ?? 1, 1...1 << 30),
    ] where !range.contains(value) {
      throw ValidationError(
        "--\(name) is \(value); it must be from \(range.lowerBound) to \(range.upperBound)")
    }
    if settings.view == .detection, writtenFormat == .mdetr {
      throw ValidationError("mdetr has no place for classes; give --view grounding, or another format")
    }
    if settings.view != .detection, [.coco, .voc, .yolo].contains(writtenFormat) {
      throw ValidationError(
        "\(writtenFormat.rawValue) has no place for a caption; give mdetr, odvg, tsv or webdataset")
    }
  }

  private var settings: SceneSettings {
    var settings = SceneSettings()
    (settings.split, settings.seed, settings.count) = (split, seed, count)
    settings.view = view ?? (split == .captions ? .captions : .detection)
    (settings.side, settings.names) = (side, names)
    return settings
  }

  private var writtenFormat: WrittenFormat { format ?? (settings.view == .detection ? .coco : .odvg) }

  func run() throws {
    try Destination.checkFolder(out)
    let progress = ProgressLine()
    progress.show("Opening \(printable(materials))")
    defer { progress.clear() }
    let dataset = try SyntheticDataset(SceneMaterials(URL(fileURLWithPath: materials)), settings)
    try dataset.write(to: URL(fileURLWithPath: out), as: writtenFormat) {
      progress.show($0, of: count, unit: "pictures")
    }
    progress.clear()
    try say("\(out): \(count) pictures of \(dataset.nameCount) names")
  }
}

extension SceneSettings.Split: ExpressibleByArgument {}
extension SceneSettings.View: ExpressibleByArgument {}
