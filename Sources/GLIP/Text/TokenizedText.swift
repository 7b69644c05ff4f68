/// Word pieces of a text, with the place of each in the text.
public struct TokenizedText: Sendable, Hashable {
  /// Vocabulary indices, `[CLS]` first and `[SEP]` last; no padding.
  public let ids: [Int32]
  /// For every id the range of Unicode scalars of the original text that it stands for (the unit of
  /// Python's string indices). Empty, `0..<0`, for the added `[CLS]` and `[SEP]`.
  public let offsets: [Range<Int>]
  /// Number of ids that the text has without truncation.
  public let untruncatedCount: Int

  /// Number of ids.
  public var count: Int { ids.count }
  /// Whether pieces at the end were cut off.
  public var isTruncated: Bool { untruncatedCount > ids.count }

  /// Index of the first token that covers a character of the text, if any does.
  /// - Parameter scalar: index of the character, in Unicode scalars.
  public func token(at scalar: Int) -> Int? {
    offsets.firstIndex { $0.contains(scalar) }
  }

  /// Indices of the tokens that stand for a span of the text; empty if there are none.
  ///
  /// The rule is the one the released models were trained with. Characters without a token (spaces,
  /// mostly) are forgiven at both ends: the next two are tried at the beginning, and the second and
  /// third to last at the end.
  /// - Parameter span: in Unicode scalars.
  public func tokens(covering span: Range<Int>) -> Range<Int> {
    let begins = [span.lowerBound, span.lowerBound + 1, span.lowerBound + 2]
    let ends = [span.upperBound - 1, span.upperBound - 2, span.upperBound - 3]
    guard !span.isEmpty, let begin = begins.lazy.compactMap(token(at:)).first,
      let end = ends.lazy.compactMap(token(at:)).first, begin <= end
    else { return 0..<0 }
    return begin..<(end + 1)
  }
}
