import Foundation
import Synchronization

/// Finds noun phrases: an optional determiner, any number of adjectives, and one or more nouns.
public enum NounPhraseChunker {
  /// The longest phrases, from the left, in positions of words.
  /// - Parameter tags: the Penn Treebank tag of every word.
  public static func phrases(in tags: [String]) -> [Range<Int>] {
    var phrases: [Range<Int>] = []
    var begin = 0
    while begin < tags.count {
      var index = begin
      if tags[index] == "DT" { index += 1 }
      while index < tags.count, tags[index].hasPrefix("JJ") { index += 1 }
      let noun = index
      while index < tags.count, tags[index].hasPrefix("NN") { index += 1 }
      if index > noun {
        phrases.append(begin..<index)
        begin = index
      } else {
        begin += 1
      }
    }
    return phrases
  }
}

/// The noun phrases of captions, with a tagger that is read when it is first needed.
///
/// The authors search every phrase as a pattern in the caption, so that one which occurs twice, or
/// within another word, shifts the names of all that follow. Here each phrase keeps the place where it
/// was found.
package final class NounPhraseFinder: Sendable {
  private let file: URL?
  private let tagger = Mutex<PerceptronTagger?>(nil)

  package init(file: URL?) {
    self.file = file
  }

  /// The phrases, in Unicode scalars of the caption.
  /// - Throws: `TaggerError` if the weights are missing or broken.
  package func phrases(in caption: String) throws(TaggerError) -> [Range<Int>] {
    let tagger = try loadedTagger()
    let text = Array(caption.unicodeScalars)
    let words = WordSplitter.words(in: text)
    var tags = tagger.tags(of: words.map { String(scalars: text[$0]).lowercased() })
    // The tagger takes rare punctuation for nouns; it ends a phrase whatever its tag.
    for (index, word) in words.enumerated() where Self.trimmed(word, in: text) == nil { tags[index] = "" }
    return NounPhraseChunker.phrases(in: tags).compactMap { phrase in
      let begin = words[phrase.lowerBound].lowerBound
      return Self.trimmed(begin..<words[phrase.upperBound - 1].upperBound, in: text)
    }
  }

  private func loadedTagger() throws(TaggerError) -> PerceptronTagger {
    try tagger.withLock { tagger throws(TaggerError) in
      if let tagger { return tagger }
      let loaded = try PerceptronTagger(file: file)
      tagger = loaded
      return loaded
    }
  }

  /// The characters that the authors remove from phrases, and the other quotation marks and brackets.
  private static let removed = Set("|:;@()[]{}^'\"’`?$%#!&*+,.“”‘„«»<>".unicodeScalars)

  /// A span without spaces and removed characters at its ends; nil if nothing is left.
  private static func trimmed(_ span: Range<Int>, in text: [Unicode.Scalar]) -> Range<Int>? {
    func stays(_ scalar: Unicode.Scalar) -> Bool {
      !removed.contains(scalar) && !scalar.properties.isWhitespace
    }
    guard let first = text[span].firstIndex(where: stays), let last = text[span].lastIndex(where: stays)
    else {
      return nil
    }
    return first..<(last + 1)
  }
}
