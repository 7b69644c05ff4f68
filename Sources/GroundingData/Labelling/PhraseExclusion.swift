import Foundation

/// Phrases that name nothing to be seen as a thing on a picture, so that no box can be right for them. An entry of one
/// word stands for every phrase whose last word, the head of an English noun phrase, it is; one of several words for the
/// phrase itself, with or without an article.
public struct PhraseExclusion: Sendable, Hashable {
  private let heads: Set<String>
  private let phrases: Set<[String]>

  public init(_ entries: [String]) {
    let words = entries.map(Self.words)
    heads = Set(words.filter { $0.count == 1 }.map { $0[0] })
    phrases = Set(words.filter { $0.count > 1 })
  }

  /// An entry on each line of a file; what follows a `#` is a remark.
  ///
  /// - Throws: `DatasetError` for a file that is no text.
  public init(contentsOf url: URL) throws(DatasetError) {
    // A file without an entry excludes nothing, and may be empty.
    if (try? url.resourceValues(forKeys: [.fileSizeKey]).fileSize) == 0 {
      self.init([])
      return
    }
    let lines = try AnnotationFile(url).text().split(whereSeparator: \.isNewline)
    self.init(lines.map { String($0.prefix { $0 != "#" }) })
  }

  /// Words about pictures, places in them, views, times, amounts and ideas that captions from the web are full of.
  public static let standard = PhraseExclusion(
    """
    image images picture pictures photo photos photograph photographs photography snapshot shot shots closeup close-up
    illustration illustrations drawing drawings painting paintings sketch rendering render portrait portraits
    wallpaper vector stock footage video clip artwork art design style pattern collection set series
    background foreground backdrop scene scenery view views perspective angle distance front back side sides
    top bottom left right middle center centre corner edge end rest part parts way ways place direction
    time times day days night morning evening afternoon year years month week today moment season summer winter
    spring autumn weekend birthday
    lot lots number couple variety type types kind kinds sort amount group pair pairs piece bunch
    color colors colour colours shape size height length width light darkness shadow contrast focus detail details
    thing things something anything nothing everything someone anyone everyone stuff
    idea ideas love life fun happiness beauty use action motion movement concept event party news story
    name names title text caption credit copyright page post article
    """.split(whereSeparator: \.isWhitespace).map(String.init))

  package func contains(_ phrase: String) -> Bool {
    let words = Self.words(phrase)
    guard let head = words.last else { return true }
    return heads.contains(head) || phrases.contains(words)
  }

  /// Words in lower case, without an article.
  private static func words(_ phrase: String) -> [String] {
    let words = phrase.lowercased().split(whereSeparator: \.isWhitespace).map(String.init)
    return words.count > 1 && ["a", "an", "the"].contains(words[0]) ? Array(words.dropFirst()) : words
  }
}
