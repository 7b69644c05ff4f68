import Foundation

/// Turns prompts into texts for the network.
public struct PromptEncoder: Sendable {
  public let tokenizer: WordPieceTokenizer
  /// How class lists are joined.
  public var style: PromptStyle
  /// Tokens that the network takes, `[CLS]` and `[SEP]` included: 256 in the released models.
  public var maximumTokens: Int
  /// The most classes in one text; nil for as many as fit. (The published LVIS results have 40.)
  public var maximumClasses: Int?
  /// Whether classes that are the same to the network are accepted. LVIS has some, `bow_(weapon)` and
  /// `bow_(decorative_ribbons)`; in a list typed by a person they are a slip.
  public var acceptsRepeatedPhrases: Bool
  /// Whether classes without a name are accepted, of which nothing is ever found. ODinW has one, whose name is two
  /// spaces: they stand in the text that the published results were measured with.
  public var acceptsBlankNames: Bool
  private let finder: NounPhraseFinder

  /// - Parameter tagger: file with the weights of the part-of-speech tagger, which is read when the
  ///   first caption without marks comes; nil for the usual places (see `PerceptronTagger.locate()`).
  public init(
    tokenizer: WordPieceTokenizer, style: PromptStyle = .evaluation, maximumTokens: Int = 256,
    maximumClasses: Int? = nil, acceptsRepeatedPhrases: Bool = false, acceptsBlankNames: Bool = false,
    tagger: URL? = nil
  ) {
    self.tokenizer = tokenizer
    self.style = style
    self.maximumTokens = maximumTokens
    self.maximumClasses = maximumClasses
    self.acceptsRepeatedPhrases = acceptsRepeatedPhrases
    self.acceptsBlankNames = acceptsBlankNames
    finder = NounPhraseFinder(file: tagger)
  }

  /// The texts of a prompt: one for a caption or text, one or more for a class list, whose labels
  /// keep their positions in the whole list.
  /// - Throws: `PromptError` if the prompt cannot be used; `TaggerError` if a caption has no marks
  ///   and the tagger's weights are missing or broken.
  public func encode(_ prompt: Prompt) throws -> [EncodedPrompt] {
    switch prompt {
    case .classes(let classes):
      return try encode(classes)
    case .caption(let caption, let spans?):
      let count = caption.unicodeScalars.count
      for span in spans where span.isEmpty || span.lowerBound < 0 || span.upperBound > count {
        throw PromptError.spanOutside(span, count: count)
      }
      return [try encode(caption, spans: spans)]
    case .caption(let caption, nil):
      let marked = try MarkedCaption(caption)
      let spans = marked.spans.isEmpty ? try finder.phrases(in: marked.text) : marked.spans
      return [try encode(marked.text, spans: spans)]
    case .text(let text):
      return [try encode(text, spans: Self.pieces(of: text))]
    }
  }

  // MARK: Captions and texts

  /// Where the noun phrases of a caption are, in Unicode scalars; brackets are characters like others.
  /// - Throws: `TaggerError` if the tagger's weights are missing or broken.
  public func nounPhrases(in caption: String) throws(TaggerError) -> [Range<Int>] {
    try finder.phrases(in: caption)
  }

  private func encode(_ text: String, spans: [Range<Int>]) throws(PromptError) -> EncodedPrompt {
    guard !spans.isEmpty else { throw .nothingToFind(text: text) }
    let scalars = Array(text.unicodeScalars)
    let phrases = spans.enumerated().map { index, span in
      let name = scalars[span].split(whereSeparator: BERTCharacters.isWhitespace).map(String.init(scalars:))
      return Phrase(label: index, name: name.joined(separator: " "), span: span)
    }
    let tokens = tokenizer.tokenize(text)
    guard tokens.count <= maximumTokens else {
      throw .textTooLong(text, tokens: tokens.count, limit: maximumTokens)
    }
    return try encoded(text, tokens, phrases)
  }

  /// What stands between full stops, without the spaces around it.
  private static func pieces(of text: String) -> [Range<Int>] {
    Array(text.unicodeScalars).split(separator: ".").compactMap { piece in
      guard let first = piece.firstIndex(where: { !BERTCharacters.isWhitespace($0) }),
        let last = piece.lastIndex(where: { !BERTCharacters.isWhitespace($0) })
      else { return nil }
      return first..<(last + 1)
    }
  }

  // MARK: Class lists

  private func encode(_ classes: [ClassPrompt]) throws(PromptError) -> [EncodedPrompt] {
    guard !classes.isEmpty else { throw .nothingToFind(text: "") }
    try check(classes)
    var result: [EncodedPrompt] = []
    var list = JoinedList(style: style)
    var tokens = TokenizedText(ids: [], offsets: [], untruncatedCount: 0)
    for (label, item) in classes.enumerated() {
      var longer = list
      longer.append(item, label: label)
      var longerTokens = tokenizer.tokenize(longer.text)
      let isFull = maximumClasses.map { list.classCount >= max($0, 1) } ?? false
      if list.classCount > 0, isFull || longerTokens.count > maximumTokens {
        result.append(try encoded(list.text, tokens, list.phrases))
        longer = JoinedList(style: style)
        longer.append(item, label: label)
        longerTokens = tokenizer.tokenize(longer.text)
      }
      guard longerTokens.count <= maximumTokens else {
        throw .classTooLong(item.name, tokens: longerTokens.count, limit: maximumTokens)
      }
      (list, tokens) = (longer, longerTokens)
    }
    result.append(try encoded(list.text, tokens, list.phrases))
    return result
  }

  private func check(_ classes: [ClassPrompt]) throws(PromptError) {
    func key(_ text: String) -> String { text.trimmingCharacters(in: .whitespaces).lowercased() }
    var names: [String: String] = [:]
    var seen: [String: String] = [:]
    let allowsBlank =
      acceptsBlankNames && classes.contains { $0.phrases.contains { !key($0).isEmpty } }
    for (index, item) in classes.enumerated() {
      guard allowsBlank || !key(item.name).isEmpty else {
        throw .emptyName(item.name, position: index + 1)
      }
      if let first = names.updateValue(item.name, forKey: item.name) {
        throw .repeatedName(item.name, after: first)
      }
      for (phrase, name) in zip(item.phrases, [item.name] + item.synonyms) {
        guard allowsBlank || !key(phrase).isEmpty else { throw .emptyName(name, position: index + 1) }
        let first = seen.updateValue(name, forKey: key(item.prefix + phrase + item.suffix))
        if let first, !acceptsRepeatedPhrases { throw .repeatedName(name, after: first) }
      }
    }
  }

  private func encoded(
    _ text: String, _ tokens: TokenizedText, _ phrases: [Phrase]
  ) throws(PromptError) -> EncodedPrompt {
    var result: [EncodedPhrase] = []
    for phrase in phrases {
      let covering = tokens.tokens(covering: phrase.span)
      guard !covering.isEmpty else {
        if acceptsBlankNames, phrase.name.allSatisfy(\.isWhitespace) { continue }
        throw .noTokens(phrase: phrase.name)
      }
      result.append(
        EncodedPhrase(label: phrase.label, name: phrase.name, span: phrase.span, tokens: covering))
    }
    return EncodedPrompt(text: text, tokens: tokens, phrases: result)
  }
}

private struct Phrase {
  let label: Int
  let name: String
  let span: Range<Int>
}

/// Class names joined to a text.
private struct JoinedList {
  let style: PromptStyle
  private(set) var phrases: [Phrase] = []
  private(set) var classCount = 0
  private var body = ""
  private var count = 0

  init(style: PromptStyle) {
    self.style = style
  }

  var text: String { body + style.terminator }

  mutating func append(_ item: ClassPrompt, label: Int) {
    for phrase in item.phrases {
      if !body.isEmpty { add(style.separator) }
      add(item.prefix)
      let begin = count
      add(phrase)
      phrases.append(Phrase(label: label, name: item.name, span: begin..<count))
      add(item.suffix)
    }
    classCount += 1
  }

  private mutating func add(_ part: String) {
    body += part
    count += part.unicodeScalars.count
  }
}

extension String {
  init(scalars: some Sequence<Unicode.Scalar>) {
    var view = UnicodeScalarView()
    view.append(contentsOf: scalars)
    self.init(view)
  }
}
