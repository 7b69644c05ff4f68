extension Sample {
  /// Exchanges the words "left" and "right" of the caption, and moves the spans with their words.
  package mutating func swapSides() {
    let scalars = Array(caption.unicodeScalars)
    var result: [Unicode.Scalar] = []
    /// Where each scalar of the old caption begins in the new one, and the end.
    var places: [Int] = []
    var index = 0
    while index < scalars.count {
      var end = index
      while end < scalars.count, scalars[end].properties.isAlphabetic { end += 1 }
      let word = scalars[index..<max(end, index + 1)]
      let other = Self.opposite(String(String.UnicodeScalarView(word))) ?? Array(word)
      // A letter of the longer word that the shorter lacks stands where that ends.
      places += word.indices.map { result.count + min($0 - index, other.count) }
      result += other
      index = word.endIndex
    }
    places.append(result.count)
    caption = String(String.UnicodeScalarView(result))
    for index in objects.indices {
      objects[index].spans = objects[index].spans.map { places[$0.lowerBound]..<places[$0.upperBound] }
    }
  }

  private static func opposite(_ word: String) -> [Unicode.Scalar]? {
    let other: String
    switch word.lowercased() {
    case "left": other = "right"
    case "right": other = "left"
    default: return nil
    }
    if word == word.uppercased() { return Array(other.uppercased().unicodeScalars) }
    let isCapitalized = word.first?.isUppercase == true
    return Array((isCapitalized ? other.capitalized : other).unicodeScalars)
  }
}
