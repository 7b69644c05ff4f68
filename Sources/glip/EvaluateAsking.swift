import ArgumentParser
import Foundation
import GLIP
import GroundingEvaluation

extension ClassKnowledge.Matching: ExpressibleByArgument {}

/// What the network is asked, and at what size it sees pictures.
struct EvaluateAsking: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "A YAML or JSON file with what is known of classes, by name; it is said in the prompt after the name.",
      valueName: "file"))
  var knowledge: String?

  @Option(
    help: ArgumentHelp(
      "Which words with knowledge a box must agree with: name, or phrase for all of them.", valueName: "words"
    ))
  var knowledgeMatching = ClassKnowledge.Matching.name

  @Option(
    help: ArgumentHelp(
      "The most classes in one text. (default: 40 for LVIS, else as many as fit)", valueName: "count"))
  var chunk: Int?

  @OptionGroup var size: SizeOptions

  func validate() throws {
    if let chunk, chunk < 1 { throw ValidationError("--chunk is \(chunk); it must be at least 1") }
  }

  func apply(to data: inout EvaluationData) throws {
    guard let knowledge else { return }
    guard !data.benchmark.asksForPhrases else {
      throw CommandError("--knowledge is about classes, but \(data.dataset.name) has captions")
    }
    data.classPrompts = try ClassKnowledge(contentsOf: URL(fileURLWithPath: knowledge))
      .added(to: data.classPrompts, matching: knowledgeMatching)
  }

  func options(_ benchmark: Benchmark) -> DetectionOptions {
    var options = benchmark.options
    options.resize = size.rule
    return options
  }

  func limit(_ benchmark: Benchmark) -> Int? { chunk ?? benchmark.classesPerText }
}
