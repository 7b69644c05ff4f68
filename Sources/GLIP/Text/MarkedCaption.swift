/// A caption whose phrases are marked with square brackets.
struct MarkedCaption {
  /// The caption without the marks.
  let text: String
  /// The marked phrases, in Unicode scalars of `text`.
  let spans: [Range<Int>]

  /// - Throws: `PromptError` for nested, unbalanced or empty brackets.
  init(_ caption: String) throws(PromptError) {
    var text = String.UnicodeScalarView()
    var count = 0
    var spans: [Range<Int>] = []
    var open: (position: Int, start: Int)?
    var isEscaped = false
    for (index, scalar) in caption.unicodeScalars.enumerated() {
      let position = index + 1
      switch scalar {
      case "[" where !isEscaped:
        guard open == nil else { throw .unbalancedBracket(caption: caption, position: position) }
        open = (position, count)
        continue
      case "]" where !isEscaped:
        guard let mark = open else { throw .unbalancedBracket(caption: caption, position: position) }
        guard text.suffix(count - mark.start).contains(where: { !BERTCharacters.isWhitespace($0) }) else {
          throw .emptyBrackets(caption: caption, position: mark.position)
        }
        spans.append(mark.start..<count)
        open = nil
        continue
      case "\\" where !isEscaped:
        isEscaped = true
        continue
      default:
        if isEscaped, scalar != "[", scalar != "]" {
          text.append("\\")
          count += 1
        }
        isEscaped = false
        text.append(scalar)
        count += 1
      }
    }
    if let open { throw .unbalancedBracket(caption: caption, position: open.position) }
    if isEscaped { text.append("\\") }
    self.text = String(text)
    self.spans = spans
  }
}
