/// Cuts a caption into words as the Penn Treebank does: punctuation by itself, `don't` as `do` `n't`,
/// `dog's` as `dog` `'s`, `3,000` and `T-shirt` whole.
package enum WordSplitter {
  private static let always = Set(";@#$%&?!*[](){}<>\"`«»“”‘’„‒–—―".unicodeScalars)
  /// Endings that are words of their own, the longest first.
  private static let clitics = ["n't", "'ll", "'re", "'ve", "'s", "'m", "'d", "'"].map {
    Array($0.unicodeScalars)
  }
  private static let loneClitics: Set = ["re", "ve", "ll", "m", "t", "s", "d", "n"]
  private static let twoWords = [
    "cannot": 3, "gimme": 3, "gonna": 3, "gotta": 3, "lemme": 3, "wanna": 3,
  ]
  private static let abbreviations: Set = ["mr", "mrs", "ms", "dr", "st", "jr", "sr", "vs", "etc", "no"]

  /// The words, in Unicode scalars of the text.
  package static func words(in text: [Unicode.Scalar]) -> [Range<Int>] {
    var words: [Range<Int>] = []
    var begin = 0
    var index = 0
    func isSpace(_ index: Int) -> Bool { text[index].properties.isWhitespace }
    func finish(at end: Int) {
      if begin < end { words += parts(of: begin..<end, in: text) }
    }
    while index < text.count {
      let length = isSpace(index) ? 1 : separatorLength(at: index, in: text)
      if length == 0 {
        index += 1
        continue
      }
      finish(at: index)
      if !isSpace(index) { words.append(index..<(index + length)) }
      index += length
      begin = index
    }
    finish(at: text.count)
    return words
  }

  /// How many characters from here are a word by themselves; 0 if the character belongs to a longer one.
  private static func separatorLength(at index: Int, in text: [Unicode.Scalar]) -> Int {
    let scalar = text[index]
    let run = text[index...].prefix { $0 == scalar }.count
    switch scalar {
    case ".": return run >= 2 ? run : endsSentence(at: index, in: text) ? 1 : 0
    case "-": return run >= 2 ? run : 0
    case "'": return run >= 2 ? 2 : opensQuotation(at: index, in: text) ? 1 : 0
    case "`": return run
    case ":", ",":
      let isBeforeDigit = index + 1 < text.count && text[index + 1].properties.numericType == .decimal
      return isBeforeDigit ? 0 : 1
    default: return always.contains(scalar) ? 1 : 0
    }
  }

  /// Whether an apostrophe stands before a word, and is not the beginning of a lone clitic.
  private static func opensQuotation(at index: Int, in text: [Unicode.Scalar]) -> Bool {
    if index > 0, isWordCharacter(text[index - 1]) { return false }
    let word = text[(index + 1)...].prefix(while: isWordCharacter)
    return !word.isEmpty && !loneClitics.contains(String(scalars: word).lowercased())
  }

  private static func isWordCharacter(_ scalar: Unicode.Scalar) -> Bool {
    scalar == "_" || scalar.properties.isAlphabetic || scalar.properties.numericType != nil
  }

  /// Whether a full stop is one, and not part of an abbreviation or number.
  private static func endsSentence(at index: Int, in text: [Unicode.Scalar]) -> Bool {
    let closing = Set("])}>\"'»”’".unicodeScalars)
    let rest = text[(index + 1)...].drop { closing.contains($0) }
    if rest.allSatisfy(\.properties.isWhitespace) { return true }
    guard let next = rest.first, next.properties.isWhitespace else { return false }
    let word = text[..<index].suffix(while: { !$0.properties.isWhitespace && !always.contains($0) })
    return word.count > 1 && !word.contains(".")
      && !abbreviations.contains(String(scalars: word).lowercased())
  }

  /// A word without its clitic, and the clitic.
  private static func parts(of word: Range<Int>, in text: [Unicode.Scalar]) -> [Range<Int>] {
    func lowered(_ range: Range<Int>) -> String { String(scalars: text[range]).lowercased() }
    for clitic in clitics where clitic.count < word.count {
      let cut = word.upperBound - clitic.count
      if lowered(cut..<word.upperBound) == String(scalars: clitic), text[cut - 1] != "'" {
        return [word.lowerBound..<cut, cut..<word.upperBound]
      }
    }
    if let length = twoWords[lowered(word)] {
      let cut = word.lowerBound + length
      return [word.lowerBound..<cut, cut..<word.upperBound]
    }
    return [word]
  }
}

extension ArraySlice<Unicode.Scalar> {
  /// The longest ending all of whose characters satisfy a condition.
  fileprivate func suffix(while condition: (Unicode.Scalar) -> Bool) -> ArraySlice<Unicode.Scalar> {
    let last = lastIndex { !condition($0) }
    return self[(last.map { $0 + 1 } ?? startIndex)...]
  }
}
