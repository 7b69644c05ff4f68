import ArgumentParser
import Foundation
import GroundingData
import RunLog

struct DatasetStatsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stats", abstract: "Count classes, boxes and their sizes, captions and their words.")

  @OptionGroup var dataset: DatasetOptions

  @Option(help: ArgumentHelp("Where the figures go as JSON; - for the standard output.", valueName: "file"))
  var json: String?

  @Option(help: ArgumentHelp("List so many classes.", valueName: "count"))
  var classes = 20

  func validate() throws {
    if classes < 0 { throw ValidationError("--classes is \(classes); it must not be negative") }
  }

  func run() throws {
    let target = try json.flatMap { $0 == "-" ? nil : try Destination($0, keeping: [dataset.annotations]) }
    let statistics = try dataset.withDataset { opened in
      let progress = ProgressLine()
      defer { progress.clear() }
      return try DatasetStatistics(of: opened) {
        if $0 % 100 == 0 { progress.show($0, of: opened.count, unit: "records") }
      }
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    let data = try encoder.encode(statistics)
    if let target {
      try target.makeFolder()
      try target.write(data + Data("\n".utf8))
    }
    try say(json == "-" ? String(decoding: data, as: UTF8.self) : text(statistics))
  }

  private func text(_ statistics: DatasetStatistics) -> String {
    let counts = [
      ["records", "\(statistics.records), \(statistics.recordsWithoutObjects) without objects"],
      ["objects", "\(statistics.objects), \(statistics.crowds) crowds"],
      [
        "box sizes",
        "\(statistics.smallBoxes) small, \(statistics.mediumBoxes) medium, \(statistics.largeBoxes) large",
      ],
    ]
    let distributions = [
      ("objects of a record", statistics.objectsPerRecord), ("side of a box, pixels", statistics.boxSides),
      ("characters of a caption", statistics.captionLengths),
      ("spans of an object", statistics.spansPerObject),
      ("characters of a span", statistics.spanLengths),
    ].filter { $0.1.count > 0 }.map { name, values in
      [
        name, "\(values.minimum)", "\(values.median)", String(format: "%.1f", values.mean), "\(values.p90)",
        "\(values.maximum)",
      ]
    }
    var parts = [glip.table(counts)]
    parts.append(
      glip.table(
        [["", "least", "median", "mean", "p90", "most"]] + distributions, rightAligned: [1, 2, 3, 4, 5]))
    if !statistics.classes.isEmpty, classes > 0 {
      let shown = statistics.classes.prefix(classes)
      let most = max(1, shown.first?.objects ?? 1)
      let rows = shown.map { entry in
        [
          "\(entry.id)", entry.name, "\(entry.objects)", "\(entry.pictures)",
          String(repeating: "█", count: (30 * entry.objects + most - 1) / most),
        ]
      }
      let unused = statistics.classes.count { $0.objects == 0 }
      parts.append(
        glip.table([["id", "class", "objects", "pictures", ""]] + rows, rightAligned: [0, 2, 3])
          + "\n\(statistics.classes.count) classes, \(unused) of them without an object")
    }
    return parts.joined(separator: "\n\n")
  }
}
