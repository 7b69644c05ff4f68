import GLIP

/// What is looked for in a picture by its caption.
package struct CaptionPhrases {
  /// The caption, or as many of its first words as the network takes.
  package let text: String
  /// Noun phrases, in Unicode scalars of the text and hence of the caption.
  package private(set) var spans: [Range<Int>] = []

  /// - Throws: `TaggerError`.
  package init(
    of caption: String, _ encoder: PromptEncoder, excluding exclusion: PhraseExclusion,
    _ counts: inout LabelCounts
  ) throws {
    let scalars = Array(caption.unicodeScalars)
    let tokens = encoder.tokenizer.tokenize(caption, maximumCount: encoder.maximumTokens)
    let end = tokens.isTruncated ? Self.end(of: tokens, in: scalars) : scalars.count
    text = String(String.UnicodeScalarView(scalars[..<end]))
    if tokens.isTruncated { counts.cutCaptions += 1 }
    for span in try encoder.nounPhrases(in: caption) {
      counts.phrases += 1
      if exclusion.contains(String(String.UnicodeScalarView(scalars[span]))) {
        counts.excludedPhrases += 1
      } else if span.upperBound > end || tokens.tokens(covering: span).isEmpty {
        counts.unseenPhrases += 1
      } else {
        spans.append(span)
      }
    }
    if spans.isEmpty { counts.captionsWithoutPhrases += 1 }
  }

  /// Where the last whole word of the tokens ends. What is cut there has no more tokens than these.
  private static func end(of tokens: TokenizedText, in scalars: [Unicode.Scalar]) -> Int {
    let end = tokens.offsets.last { !$0.isEmpty }?.upperBound ?? 0
    guard end < scalars.count, !scalars[end].properties.isWhitespace else { return end }
    return scalars[..<end].lastIndex { $0.properties.isWhitespace } ?? end
  }
}
