import ArgumentParser
import Foundation
import GroundingData
import GroundingEvaluation
import RunLog

struct DatasetCompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Say how well boxes agree with others that are taken for true.",
    discussion: """
      Example:
        glip dataset compare labelled/annotations.json annotated.json
      Pictures go together by the names of their files. A box is right if it overlaps a true one of the same class, or of \
      the same words of the caption. Pictures that are not among the labels count as empty. Precision and recall are given at several scores, to choose a threshold by.
      """)

  @Argument(help: ArgumentHelp("The boxes in question, such as those of 'glip label'.", valueName: "labels"))
  var labels: String

  @Argument(help: ArgumentHelp("What they are compared with.", valueName: "truth"))
  var truth: String

  @Option(help: ArgumentHelp("Overlap from which on a box is right, 0 to 1.", valueName: "share"))
  var overlap = 0.5

  @Option(help: ArgumentHelp("Where the figures go as JSON; - for the standard output.", valueName: "file"))
  var json: String?

  func validate() throws {
    guard overlap > 0, overlap <= 1 else {
      throw ValidationError("--overlap is \(overlap); it must be above 0 and at most 1")
    }
  }

  func run() throws {
    let target = try json.flatMap { $0 == "-" ? nil : try Destination($0, keeping: [labels, truth]) }
    let progress = ProgressLine()
    progress.show("Reading \(printable(labels)) and \(printable(truth))")
    defer { progress.clear() }
    let (own, others) = try (
      DatasetDescription(annotations: labels).open(), DatasetDescription(annotations: truth).open()
    )
    let agreement = try Agreement(of: own, with: others, overlap: overlap) {
      if $0 % 100 == 0 { progress.show($0, of: own.count, unit: "pictures") }
    }
    progress.clear()
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    let data = try encoder.encode(agreement)
    if let target {
      try target.makeFolder()
      try target.write(data + Data("\n".utf8))
    }
    try say(json == "-" ? String(decoding: data, as: UTF8.self) : text(agreement))
  }

  private func text(_ agreement: Agreement) -> String {
    func share(_ value: Double?) -> String { value.map { String(format: "%.3f", $0) } ?? "-" }
    let rows = agreement.levels.map { level in
      [
        level.threshold.map { String(format: "%.1f", $0) } ?? "any", "\(level.boxes)", "\(level.right)",
        share(level.precision), share(level.recall),
      ]
    }
    let head = ["score", "boxes", "right", "precision", "recall"]
    return """
      \(agreement.pictures + agreement.missingPictures) pictures with \(agreement.trueBoxes) true boxes; \
      \(agreement.missingPictures) of them are not labelled, and \(agreement.unjudgedPictures) labelled ones have no truth

      \(glip.table([head] + rows, rightAligned: [0, 1, 2, 3, 4]))
      """
  }
}
