/// What to look for in a picture.
public enum Prompt: Sendable, Hashable {
  /// Things by name: `.classes(["cat", "remote control"])`. Lists that do not fit into one text are
  /// split over several.
  case classes([ClassPrompt])
  /// A sentence, whose phrases are looked for.
  ///
  /// Without `spans` the phrases are marked with square brackets, `[a woman] next to [a flag]`; the
  /// brackets are not part of the sentence, and `\[` and `\]` stand for plain ones. In a sentence
  /// without any mark the noun phrases are found by a tagger. With `spans`, ranges of Unicode scalars
  /// in the sentence, the sentence is taken as it stands.
  case caption(String, spans: [Range<Int>]? = nil)
  /// A text for the network as it stands; the pieces between full stops are what is looked for:
  /// `.text("cat . cup . person . ")`.
  case text(String)
}

/// One class of a list.
public struct ClassPrompt: Sendable, Hashable, Codable {
  /// The name that detections are reported with; the network is asked for its cleaned form.
  public var name: String
  /// What the network is asked for instead of the name, word for word.
  public var phrase: String?
  /// Words before each of the class's phrases that describe it but are not matched to boxes themselves.
  public var prefix: String
  /// Words after each of the class's phrases, in the same manner.
  public var suffix: String
  /// Further names of the class; a box has the best score of all.
  public var synonyms: [String]

  public init(
    _ name: String, phrase: String? = nil, prefix: String = "", suffix: String = "",
    synonyms: [String] = []
  ) {
    self.name = name
    self.phrase = phrase
    self.prefix = prefix
    self.suffix = suffix
    self.synonyms = synonyms
  }

  /// What the network is asked for: the name and its synonyms.
  var phrases: [String] {
    [phrase ?? Self.cleaned(name)] + synonyms.map(Self.cleaned)
  }

  /// A name of a data set as words: `bow_(decorative_ribbon)` is `bow `, `traffic_light` two words.
  ///
  /// What is in parentheses goes (from the first opening to the last closing one), underscores become
  /// spaces, and of two spaces in a row one remains. Spaces at the ends stay. This is what the released
  /// models are evaluated with.
  package static func cleaned(_ name: String) -> String {
    var scalars = Array(name.unicodeScalars)
    if let open = scalars.firstIndex(of: "("), let close = scalars.lastIndex(of: ")"), open < close {
      scalars.removeSubrange(open...close)
    }
    var result = String.UnicodeScalarView()
    var index = 0
    while index < scalars.count {
      let isSpace = scalars[index] == "_" || scalars[index] == " "
      result.append(isSpace ? " " : scalars[index])
      index += 1
      if isSpace, index < scalars.count, scalars[index] == "_" || scalars[index] == " " { index += 1 }
    }
    return String(result)
  }
}

extension ClassPrompt: ExpressibleByStringLiteral {
  public init(stringLiteral name: String) {
    self.init(name)
  }
}

/// How the names of a list are joined to a text.
public struct PromptStyle: Sendable, Hashable {
  /// Between two names.
  public var separator: String
  /// After the last name.
  public var terminator: String

  public init(separator: String, terminator: String = "") {
    self.separator = separator
    self.terminator = terminator
  }

  /// `cat. cup. person`, as the released models are trained and evaluated.
  public static let evaluation = PromptStyle(separator: ". ")
  /// `cat . cup . person . `, as the authors' demonstration joins lists.
  public static let demo = PromptStyle(separator: " . ", terminator: " . ")
}
