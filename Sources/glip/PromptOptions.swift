import ArgumentParser
import Foundation
import GLIP

/// What to look for: exactly one of the four.
struct PromptOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Names to look for, separated by commas.", valueName: "a,b,…"))
  var classes: String?

  @Option(
    help: ArgumentHelp(
      "A file of names to look for, one on a line.",
      discussion:
        "A line may add synonyms: 'sofa = couch, settee'. A .json file holds a list of names, or of "
        + "objects with \"name\" and optionally \"phrase\", \"prefix\", \"suffix\" and \"synonyms\".",
      valueName: "file"))
  var classesFile: String?

  @Option(
    help: ArgumentHelp(
      "The prompt as the network gets it; what stands between full stops is looked for.", valueName: "a. b."))
  var prompt: String?

  @Option(
    help: ArgumentHelp(
      "A sentence. Its noun phrases are looked for, or those that you mark: '[a woman] next to [a flag]'.",
      valueName: "sentence"))
  var caption: String?

  @Flag(help: "How class names are joined.")
  var style = Style.evaluation

  enum Style: String, EnumerableFlag {
    case evaluation, demo

    static func name(for value: Style) -> NameSpecification { .customLong("\(value.rawValue)-style") }

    static func help(for value: Style) -> ArgumentHelp? {
      switch value {
      case .evaluation: "Join class names as in the paper's evaluation, 'cat. cup'."
      case .demo: "Join class names as in the authors' demo, 'cat . cup . '."
      }
    }

    var value: PromptStyle { self == .demo ? .demo : .evaluation }
  }

  func validate() throws {
    let count = [classes, classesFile, prompt, caption].compactMap { $0 }.count
    guard count == 1 else {
      throw ValidationError(
        "Say what to look for with one of --classes, --classes-file, --prompt and --caption"
          + (count == 0 ? "" : ", not with \(count) of them"))
    }
  }

  /// Files that are read.
  var files: [String] { classesFile.map { [$0] } ?? [] }

  func resolved() throws -> Prompt {
    if let classes { return .classes(Self.list(classes)) }
    if let classesFile { return .classes(try ClassesFile.read(classesFile)) }
    if let prompt { return .text(prompt) }
    return .caption(caption ?? "")
  }

  static func list(_ text: String) -> [ClassPrompt] {
    let names = text.split(separator: ",", omittingEmptySubsequences: false).map {
      $0.trimmingCharacters(in: .whitespaces)
    }
    return names == [""] ? [] : names.map { ClassPrompt($0) }
  }
}
