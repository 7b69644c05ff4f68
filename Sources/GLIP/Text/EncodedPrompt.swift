/// One text for the network, and where in it the labels are.
public struct EncodedPrompt: Sendable, Hashable {
  /// The text that was tokenized.
  public let text: String
  /// Its word pieces, without padding; all of them are valid, `[CLS]` and `[SEP]` included.
  public let tokens: TokenizedText
  /// The phrases in the order of the text. Several may belong to one label (synonyms).
  public let phrases: [EncodedPhrase]

  /// Vocabulary indices, without padding.
  public var ids: [Int32] { tokens.ids }

  /// The labels of this text in ascending order, each with the tokens of its phrases. The score of a
  /// label is the best score of its phrases.
  public var labels: [(label: Int, phrases: [EncodedPhrase])] {
    Dictionary(grouping: phrases, by: \.label)
      .map { (label: $0.key, phrases: $0.value) }
      .sorted { $0.label < $1.label }
  }
}

/// A phrase of a prompt.
public struct EncodedPhrase: Sendable, Hashable {
  /// Position, from 0, in the user's class list or among the phrases of the caption.
  public let label: Int
  /// What detections of it are reported as: the name in the user's list, or the caption's phrase.
  public let name: String
  /// Where it is in the prompt's text, in Unicode scalars.
  public let span: Range<Int>
  /// Indices of its tokens; at least one.
  public let tokens: Range<Int>
}
