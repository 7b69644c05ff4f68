/// A text as BERT's uncased tokenizer sees it: cleaned, ideographs set apart, decomposed, without
/// accents, in lower case. Every character remembers the character of the source that it came from.
struct NormalizedText {
  struct Character {
    var scalar: Unicode.Scalar
    /// Index of the source character.
    var source: Int
  }

  private(set) var characters: [Character] = []

  /// - Parameters:
  ///   - source: the characters of the whole text.
  ///   - range: the part of it to normalize.
  init(_ source: [Unicode.Scalar], range: Range<Int>) {
    var pending = CanonicalOrder()
    characters.reserveCapacity(range.count)
    for index in range where !BERTCharacters.isDeleted(source[index]) {
      let scalar = source[index]
      if scalar.isASCII {
        flush(&pending)
        append(BERTCharacters.isWhitespace(scalar) ? " " : scalar, source: index)
      } else if BERTCharacters.isWhitespace(scalar) {
        flush(&pending)
        append(" ", source: index)
      } else {
        let isIdeograph = BERTCharacters.isIdeograph(scalar)
        if isIdeograph {
          flush(&pending)
          append(" ", source: index)
        }
        for (position, part) in BERTCharacters.decomposition(of: scalar).enumerated() {
          if BERTCharacters.combiningClass(of: part) == 0 { flush(&pending) }
          pending.add(part, startsSource: position == 0 ? index : nil)
        }
        if isIdeograph {
          flush(&pending)
          append(" ", source: index)
        }
      }
    }
    flush(&pending)
  }

  private mutating func flush(_ pending: inout CanonicalOrder) {
    pending.drain { append($0, source: $1) }
  }

  private mutating func append(_ scalar: Unicode.Scalar, source: Int) {
    if scalar.isASCII {
      let isUpper = 0x41...0x5A ~= scalar.value
      let lower = isUpper ? Unicode.Scalar(UInt8(scalar.value) | 0x20) : scalar
      characters.append(Character(scalar: lower, source: source))
    } else if !BERTCharacters.isAccent(scalar) {
      for lower in scalar.properties.lowercaseMapping.unicodeScalars {
        characters.append(Character(scalar: lower, source: source))
      }
    }
  }
}

/// Marks that wait to be put into canonical order.
///
/// The released tokenizer hands out source positions by place, after ordering: a character that starts
/// a decomposition takes the next source character, any other shares the one before it.
private struct CanonicalOrder {
  private var parts: [(scalar: Unicode.Scalar, startsSource: Bool)] = []
  private var sources: [Int] = []
  private var last = 0

  mutating func add(_ scalar: Unicode.Scalar, startsSource source: Int?) {
    parts.append((scalar, source != nil))
    if let source { sources.append(source) }
  }

  mutating func drain(_ body: (Unicode.Scalar, Int) -> Void) {
    guard !parts.isEmpty else { return }
    if parts.count > 1 { sort() }
    var next = sources.makeIterator()
    for part in parts {
      if part.startsSource, let source = next.next() { last = source }
      body(part.scalar, last)
    }
    parts.removeAll(keepingCapacity: true)
    sources.removeAll(keepingCapacity: true)
  }

  /// A stable sort by combining class.
  private mutating func sort() {
    let classes = parts.map { BERTCharacters.combiningClass(of: $0.scalar) }
    let order = parts.indices.sorted { (classes[$0], $0) < (classes[$1], $1) }
    parts = order.map { parts[$0] }
  }
}
