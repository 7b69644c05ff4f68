import Foundation
import GLIP
import Yams

/// What is known of classes beyond their names, such as a dictionary's definitions, to be said in prompts (K-LITE: Shen
/// et al., NeurIPS 2022; in GLIP's evaluation on ODinW a prompt's further words serve the same purpose).
public struct ClassKnowledge: Sendable, Hashable {
  /// Which words a detection must agree with.
  public enum Matching: String, Sendable, CaseIterable {
    /// Those of the name; the knowledge is read along with them, as the suffixes of ODinW's prompts are.
    case name
    /// All of them: the score is the mean over name and knowledge.
    case phrase
  }

  /// By name of class.
  public let texts: [String: String]

  public init(_ texts: [String: String]) { self.texts = texts }

  /// Reads YAML or JSON: texts by name, objects with a definition by name, or a list of objects with name and definition
  /// (`name` or `classname`; `definition`, `description`, `def`, `def_wiki` or `gpt3`, of which a list counts with its
  /// first text).
  ///
  /// - Throws: `EvaluationError`.
  public init(contentsOf file: URL) throws {
    let content: Any?
    do { content = try Yams.load(yaml: String(contentsOf: file, encoding: .utf8)) } catch let error
      as YamlError
    {
      throw EvaluationError(.malformed, file: file, "not valid YAML (\(error))")
    } catch {
      throw EvaluationError(.inaccessible, file: file, "cannot be read (\(error.localizedDescription))")
    }
    var texts: [String: String] = [:]
    switch content {
    case let entries as [String: Any]:
      for (name, value) in entries { texts[name] = Self.text(of: value) }
    case let entries as [Any]:
      for (index, entry) in entries.enumerated() {
        let members = entry as? [String: Any]
        guard let name = (members?["name"] ?? members?["classname"]) as? String else {
          throw EvaluationError(.malformed, file: file, "entry \(index + 1) has no name")
        }
        texts[name] = members.flatMap(Self.text)
      }
    default: break
    }
    guard !texts.isEmpty else {
      throw EvaluationError(.malformed, file: file, "there is no text for any class in it")
    }
    self.texts = texts
  }

  private static func text(of value: Any) -> String? {
    switch value {
    case let text as String: return text.isEmpty ? nil : text
    case let list as [Any]: return list.first.flatMap(text)
    case let members as [String: Any]:
      return ["definition", "description", "def", "def_wiki", "gpt3"].lazy.compactMap { members[$0] }
        .compactMap(text).first
    default: return nil
    }
  }

  /// Appends what is known, as in `raccoon: a nocturnal mammal with a ringed tail`.
  ///
  /// - Throws: `EvaluationError` where nothing is known of any class.
  public func added(to prompts: [ClassPrompt], matching: Matching = .name) throws -> [ClassPrompt] {
    guard prompts.contains(where: { texts[$0.name] != nil }) else {
      throw EvaluationError(
        .invalidParameters,
        "of none of the \(prompts.count) classes is anything known, such as \(prompts[0].name)")
    }
    return prompts.map { prompt in
      guard let text = texts[prompt.name].map(Self.clause) else { return prompt }
      var prompt = prompt
      switch matching {
      case .name: prompt.suffix += ": " + text
      case .phrase: prompt.phrase = (prompt.phrase ?? ClassPrompt.cleaned(prompt.name)) + ": " + text
      }
      return prompt
    }
  }

  /// Full stops part the classes of a prompt; within a text they become semicolons.
  private static func clause(_ text: String) -> String {
    text.split(whereSeparator: \.isNewline).joined(separator: " ")
      .trimmingCharacters(in: CharacterSet(charactersIn: ". "))
      .replacing(". ", with: "; ")
  }
}
