import Foundation

/// BERT's uncased WordPiece tokenizer.
///
/// Ids and offsets are those of Hugging Face's `BertTokenizerFast`, for any text: entries such as
/// `[MASK]` that are written in the text are recognised; the text is cleaned, decomposed, freed of
/// accents and lower-cased; words are cut at spaces, punctuation and ideographs, and then into the
/// longest pieces that the vocabulary has.
public struct WordPieceTokenizer: Sendable {
  private let vocabulary: Vocabulary

  /// Longer words become one `[UNK]` (in characters; Hugging Face's default).
  private static let maximumWordLength = 100

  /// A tokenizer with the vocabulary that comes with this package, `bert-base-uncased`.
  /// It is read once in a process.
  /// - Throws: `VocabularyError` if the package's resource is missing or broken.
  public static func bertUncased() throws(VocabularyError) -> WordPieceTokenizer {
    try shared.get()
  }

  private static let shared = Result { () throws(VocabularyError) in
    let name = "Resources/bert-base-uncased-vocab.txt"
    return try WordPieceTokenizer(vocabulary: Bundle.module.bundleURL.appending(path: name))
  }

  /// A tokenizer with a vocabulary of one's own.
  /// - Parameter vocabulary: a text file with one word piece a line; the line's number less one is its id.
  /// - Throws: `VocabularyError`.
  public init(vocabulary: URL) throws(VocabularyError) {
    self.vocabulary = try Vocabulary(file: vocabulary)
  }

  /// Cuts a text into word pieces.
  /// - Parameters:
  ///   - text: any text; it may be empty.
  ///   - maximumCount: at most this many ids, `[CLS]` and `[SEP]` included, are kept: the first ones.
  ///     No fewer than these two remain.
  public func tokenize(_ text: String, maximumCount: Int = .max) -> TokenizedText {
    let scalars = Array(text.unicodeScalars)
    var pieces: [(id: Int32, range: Range<Int>)] = []
    var begin = 0
    while begin < scalars.count {
      let next = nextSpecial(in: scalars, from: begin)
      let end = next?.range.lowerBound ?? scalars.count
      appendWords(of: NormalizedText(scalars, range: begin..<end).characters, to: &pieces)
      if let next { pieces.append(next) }
      begin = next?.range.upperBound ?? end
    }
    let kept = pieces.prefix(max(maximumCount, 2) - 2)
    return TokenizedText(
      ids: [vocabulary.classification] + kept.map(\.id) + [vocabulary.separator],
      offsets: [0..<0] + kept.map(\.range) + [0..<0],
      untruncatedCount: pieces.count + 2)
  }

  private func nextSpecial(
    in scalars: [Unicode.Scalar], from begin: Int
  ) -> (id: Int32, range: Range<Int>)? {
    var index = begin
    while let open = scalars[index...].firstIndex(of: "[") {
      for (text, id) in vocabulary.special where scalars[open...].starts(with: text) {
        return (id, open..<(open + text.count))
      }
      index = open + 1
    }
    return nil
  }

  private func appendWords(
    of characters: [NormalizedText.Character], to pieces: inout [(id: Int32, range: Range<Int>)]
  ) {
    var begin = 0
    for (index, character) in characters.enumerated() {
      let isSpace = BERTCharacters.isWhitespace(character.scalar)
      guard isSpace || BERTCharacters.isPunctuation(character.scalar) else { continue }
      appendPieces(of: characters[begin..<index], to: &pieces)
      if !isSpace { appendPieces(of: characters[index...index], to: &pieces) }
      begin = index + 1
    }
    appendPieces(of: characters[begin...], to: &pieces)
  }

  private func appendPieces(
    of word: ArraySlice<NormalizedText.Character>, to pieces: inout [(id: Int32, range: Range<Int>)]
  ) {
    guard let first = word.first, let last = word.last else { return }
    let whole = (id: vocabulary.unknown, range: first.source..<(last.source + 1))
    guard word.count <= Self.maximumWordLength else { return pieces.append(whole) }

    var bytes: [UInt8] = []
    var starts: [Int] = []  // Where each character starts in `bytes`, and its end.
    for character in word {
      starts.append(bytes.count)
      bytes.append(contentsOf: UTF8.encode(character.scalar) ?? UTF8.encodedReplacementCharacter)
    }
    starts.append(bytes.count)

    let kept = pieces.count
    var begin = 0
    while begin < word.count {
      var end = word.count
      var found: Int32?
      while end > begin, found == nil {
        if starts[end] - starts[begin] <= vocabulary.longest {
          found = vocabulary.id(of: bytes[starts[begin]..<starts[end]], isStart: begin == 0)
        }
        if found == nil { end -= 1 }
      }
      guard let found else {
        // One piece that is not in the vocabulary makes the whole word unknown.
        pieces.removeSubrange(kept...)
        return pieces.append(whole)
      }
      let from = word[word.startIndex + begin].source
      let to = word[word.startIndex + end - 1].source
      pieces.append((found, from..<(to + 1)))
      begin = end
    }
  }
}
