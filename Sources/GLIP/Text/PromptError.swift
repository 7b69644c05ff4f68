import Foundation

/// Why a prompt cannot be given to the network.
public enum PromptError: Error, Hashable, CustomStringConvertible, LocalizedError {
  /// There is nothing to look for.
  case nothingToFind(text: String)
  /// A class has no name, or nothing remains of it after cleaning; `position` counts from 1.
  case emptyName(String, position: Int)
  /// The network would be asked for the same thing under two names.
  case repeatedName(String, after: String)
  /// A class alone has more tokens than fit.
  case classTooLong(String, tokens: Int, limit: Int)
  /// A caption or text has more tokens than fit.
  case textTooLong(String, tokens: Int, limit: Int)
  /// A phrase consists of characters that the tokenizer drops.
  case noTokens(phrase: String)
  /// A span does not lie in the caption, or is empty.
  case spanOutside(Range<Int>, count: Int)
  /// A bracket has no partner; `position` is the bracket's, in characters from 1.
  case unbalancedBracket(caption: String, position: Int)
  /// No word stands between two brackets.
  case emptyBrackets(caption: String, position: Int)

  public var description: String {
    switch self {
    case .nothingToFind(let text):
      text.isEmpty
        ? "the prompt is empty" : "the prompt \"\(Self.short(text))\" names nothing to look for"
    case .emptyName(let name, let position):
      "class \(position) of the prompt, \"\(name)\", has no name to look for"
    case .repeatedName(let name, let first) where name == first:
      "the class \"\(name)\" is in the prompt twice"
    case .repeatedName(let name, let first):
      "the classes \"\(first)\" and \"\(name)\" of the prompt are the same to the network"
    case .classTooLong(let name, let tokens, let limit):
      "the class \"\(Self.short(name))\" has \(tokens) tokens, but the network takes \(limit)"
    case .textTooLong(let text, let tokens, let limit):
      "the text \"\(Self.short(text))\" has \(tokens) tokens, but the network takes \(limit)"
    case .noTokens(let phrase):
      "the phrase \"\(Self.short(phrase))\" has no character that the network can read"
    case .spanOutside(let span, let count):
      "the span \(span.lowerBound)..<\(span.upperBound) is not in the caption of \(count) characters"
    case .unbalancedBracket(let caption, let position):
      "the bracket at character \(position) of \"\(Self.short(caption))\" has no partner (write \\[ for a plain one)"
    case .emptyBrackets(let caption, let position):
      "the brackets at character \(position) of \"\(Self.short(caption))\" hold no phrase"
    }
  }

  public var errorDescription: String? { description }

  private static func short(_ text: String) -> String {
    text.count <= 60 ? text : text.prefix(57) + "..."
  }
}
