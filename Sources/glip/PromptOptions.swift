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
    let given = [classes, classesFile, prompt, caption].compactMap { $0 }
    guard given.count == 1 else {
      throw ValidationError(
        "Say what to look for with one of --classes, --classes-file, --prompt and --caption"
          + (given.isEmpty ? "." : ", not \(given.count) of them."))
    }
  }

  func resolved() throws -> Prompt {
    if let classes {
      return .classes(
        classes.split(separator: ",", omittingEmptySubsequences: false).map {
          ClassPrompt($0.trimmingCharacters(in: .whitespaces))
        })
    }
    if let classesFile { return .classes(try ClassesFile.read(URL(fileURLWithPath: classesFile))) }
    if let prompt { return .text(prompt) }
    return .caption(caption ?? "")
  }
}

/// A list of classes on disk.
enum ClassesFile {
  /// More would be a mistake: the largest published vocabularies have some 20,000 names.
  private static let largest = 16 << 20

  static func read(_ url: URL) throws -> [ClassPrompt] {
    let data: Data
    do {
      let size = try url.resourceValues(forKeys: [.fileSizeKey]).fileSize ?? 0
      guard size <= largest else {
        throw ValidationError("\(url.lastPathComponent) is too long for a list of classes.")
      }
      data = try Data(contentsOf: url)
    } catch let error as ValidationError {
      throw error
    } catch {
      throw ValidationError("The class list \(url.relativePath) cannot be read: \(reason(error)).")
    }
    if url.pathExtension.lowercased() == "json" {
      do { return try JSONDecoder().decode([Entry].self, from: data).map(\.prompt) } catch {
        throw ValidationError(
          "\(url.lastPathComponent) is not a list of names or of objects with \"name\": \(reason(error)).")
      }
    }
    guard let text = String(data: data, encoding: .utf8) else {
      throw ValidationError("\(url.lastPathComponent) is not UTF-8 text.")
    }
    return text.split(whereSeparator: \.isNewline).compactMap { line in
      let parts = line.split(separator: "=", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
      guard let name = parts.first, !name.isEmpty else { return nil }
      let synonyms = parts.dropFirst().first?.split(separator: ",").map {
        $0.trimmingCharacters(in: .whitespaces)
      }
      return ClassPrompt(name, synonyms: synonyms ?? [])
    }
  }

  /// A name, or an object.
  private struct Entry: Decodable {
    let prompt: ClassPrompt

    private enum Key: CodingKey { case name, phrase, prefix, suffix, synonyms }

    init(from decoder: any Decoder) throws {
      if let name = try? decoder.singleValueContainer().decode(String.self) {
        prompt = ClassPrompt(name)
        return
      }
      let object = try decoder.container(keyedBy: Key.self)
      prompt = ClassPrompt(
        try object.decode(String.self, forKey: .name),
        phrase: try object.decodeIfPresent(String.self, forKey: .phrase),
        prefix: try object.decodeIfPresent(String.self, forKey: .prefix) ?? "",
        suffix: try object.decodeIfPresent(String.self, forKey: .suffix) ?? "",
        synonyms: try object.decodeIfPresent([String].self, forKey: .synonyms) ?? [])
    }
  }
}
