import GLIP

/// Captions of other pictures in one prompt with a picture's own: words that are not to be found in it.
public struct CaptionPacking: Sendable, Hashable, Codable {
  /// Most captions that are added.
  public var maximum = 20
  /// Probability that none is added.
  public var aloneProbability = 0.4
  /// Otherwise, the probability that `maximum` are. In the cases that remain any smaller number is as likely.
  public var allProbability = 0.5

  public init() {}

  public init(from decoder: any Decoder) throws {
    let settings = try decoder.settings(CodingKeys.self)
    maximum = try settings.value(.maximum, or: maximum)
    aloneProbability = try settings.value(.aloneProbability, or: aloneProbability)
    allProbability = try settings.value(.allProbability, or: allProbability)
  }

  func validate() throws(SettingError) {
    try SettingError.check("number of captions packed together", maximum, atLeast: 0, atMost: 1000)
    try SettingError.check("probability of a caption alone", probability: aloneProbability)
    try SettingError.check("probability of all captions", probability: allProbability)
  }

  /// The text with as many of the others as there is room for beside it, in random order, each ended by a
  /// full stop.
  func packed(
    _ text: GroundedText, _ tokenizer: WordPieceTokenizer, maximumTokens: Int,
    using generator: inout SeededGenerator, other: (inout SeededGenerator) -> String?
  ) -> GroundedText {
    // Lengths hold [CLS] and [SEP] each time, which leaves room for the full stops.
    var room = maximumTokens - tokenizer.tokenize(text.caption).count
    var texts = [text]
    for _ in 0..<count(using: &generator) {
      guard let caption = other(&generator) else { continue }
      let length = tokenizer.tokenize(caption).count
      guard length < room else { break }
      room -= length
      texts.append(GroundedText(caption: caption, objects: []))
    }
    texts.shuffle(using: &generator)
    var result = GroundedText(caption: "", objects: [])
    for part in texts {
      let offset = result.caption.unicodeScalars.count
      result.caption += part.caption + (part.caption.hasSuffix(".") ? " " : ". ")
      result.objects += part.objects.map { object in
        var object = object
        object.spans = object.spans.map { $0.lowerBound + offset..<$0.upperBound + offset }
        return object
      }
    }
    return result
  }

  private func count(using generator: inout SeededGenerator) -> Int {
    if generator.chance(aloneProbability) { return 0 }
    if generator.chance(allProbability) { return maximum }
    return maximum > 0 ? Int.random(in: 0..<maximum, using: &generator) : 0
  }
}
