import GLIP

/// How captions and the boxes tied to them are used: as they are by default, with a choice of what suits
/// captions from the web whose boxes a teacher network has found (paper, section 3.3).
public struct CaptionGrounding: Sendable, Hashable, Codable {
  /// Boxes of which the teacher was not surer than this are left out.
  public var minimumScore: Double?
  /// Of boxes that overlap by more than this (intersection over union) the one with the best score is kept.
  public var maximumOverlap: Double?
  /// A record with fewer boxes is replaced by another.
  public var minimumBoxes = 0
  /// Probability that a picture gets the caption of another, with nothing to be found in it.
  public var strangeCaptionProbability = 0.0
  /// Captions of other pictures beside the picture's own.
  public var packing: CaptionPacking?

  /// Captions as they are: Flickr30k Entities and the mixed grounding data.
  public init() {}

  /// Captions from the web, as for GLIP-L.
  public static var webCaptions: CaptionGrounding {
    var result = CaptionGrounding()
    result.minimumScore = 0.5
    result.minimumBoxes = 1
    result.packing = CaptionPacking()
    return result
  }

  public init(from decoder: any Decoder) throws {
    let settings = try decoder.settings(CodingKeys.self)
    minimumScore = try settings.decodeIfPresent(Double.self, forKey: .minimumScore)
    maximumOverlap = try settings.decodeIfPresent(Double.self, forKey: .maximumOverlap)
    minimumBoxes = try settings.value(.minimumBoxes, or: minimumBoxes)
    strangeCaptionProbability = try settings.value(
      .strangeCaptionProbability, or: strangeCaptionProbability)
    packing = try settings.decodeIfPresent(CaptionPacking.self, forKey: .packing)
  }

  func validate() throws(SettingError) {
    try SettingError.check("smallest score", probability: minimumScore)
    try SettingError.check("largest overlap", probability: maximumOverlap)
    try SettingError.check("smallest number of boxes", minimumBoxes, atLeast: 0)
    try SettingError.check("probability of a strange caption", probability: strangeCaptionProbability)
    try packing?.validate()
  }

  /// The objects that pass by their scores. One without a score was drawn by a person, and passes.
  func screened(_ objects: [Record.Object]) -> [Record.Object] {
    var objects = objects
    if let minimumScore { objects.removeAll { ($0.score ?? 1) <= minimumScore } }
    guard let maximumOverlap else { return objects }
    let best = objects.indices.sorted { (objects[$1].score ?? 1, $0) < (objects[$0].score ?? 1, $1) }
    var kept: [Int] = []
    for index in best {
      let isFree = kept.allSatisfy { objects[$0].box.overlap(objects[index].box) <= maximumOverlap }
      if isFree { kept.append(index) }
    }
    return kept.sorted().map { objects[$0] }
  }

  /// The text for a picture.
  ///
  /// - Parameters:
  ///   - objects: those of the picture that are trained on
  ///   - other: draws the caption of another record; nil where there is none
  /// - Throws: `ConversionError`.
  func text(
    _ caption: String, _ objects: [Record.Object], tokenizer: WordPieceTokenizer, maximumTokens: Int,
    using generator: inout SeededGenerator, other: (inout SeededGenerator) -> String?
  ) throws(ConversionError) -> GroundedText {
    let count = caption.unicodeScalars.count
    var text = GroundedText(caption: caption, objects: [])
    for object in objects {
      for span in object.spans where span.isEmpty || span.lowerBound < 0 || span.upperBound > count {
        throw .spanOutside(span, count: count)
      }
      text.objects.append(Sample.Object(box: object.box, spans: object.spans, classIndex: object.classIndex))
    }
    if strangeCaptionProbability > 0, generator.chance(strangeCaptionProbability),
      let strange = other(&generator)
    {
      text = GroundedText(caption: strange, objects: [])
    }
    return packing?.packed(text, tokenizer, maximumTokens: maximumTokens, using: &generator, other: other)
      ?? text
  }
}

extension CornerBox {
  /// Intersection over union.
  func overlap(_ other: CornerBox) -> Double {
    let width = min(x1, other.x1) - max(x0, other.x0) + 1
    let height = min(y1, other.y1) - max(y0, other.y0) + 1
    guard width > 0, height > 0 else { return 0 }
    let shared = width * height
    return shared / (self.width * self.height + other.width * other.height - shared)
  }
}
