import GLIP
import Pictures

/// What happens to a sample before the network sees it, other than normalisation.
public struct Augmentation: Sendable, Hashable, Codable {
  /// The shorter side is resized to one of these, each as likely. In pixels.
  public var shortSides = [480, 560, 640, 720, 800]
  /// The longer side is not to exceed this. In pixels.
  public var longestSide = 1333
  /// Probability of mirroring the picture.
  public var flipProbability = 0.5
  /// Whether the words "left" and "right" of the prompt change places when the picture is mirrored. The
  /// authors leave them.
  public var swapsSides = false
  public var crop: RandomCrop?
  public var colors: ColorJitter?

  /// The authors': five sizes, and mirrored half of the time.
  public static let authors = Augmentation()

  /// Nothing at random.
  public static func none(shortSide: Int = 800, longestSide: Int = 1333) -> Augmentation {
    var result = Augmentation()
    (result.shortSides, result.longestSide, result.flipProbability) = ([shortSide], longestSide, 0)
    return result
  }

  public init() {}

  public init(from decoder: any Decoder) throws {
    let settings = try decoder.settings(CodingKeys.self)
    shortSides = try settings.value(.shortSides, or: shortSides)
    longestSide = try settings.value(.longestSide, or: longestSide)
    flipProbability = try settings.value(.flipProbability, or: flipProbability)
    swapsSides = try settings.value(.swapsSides, or: swapsSides)
    crop = try settings.decodeIfPresent(RandomCrop.self, forKey: .crop)
    colors = try settings.decodeIfPresent(ColorJitter.self, forKey: .colors)
  }

  /// - Throws: for values that make no sense.
  public func validate() throws(SettingError) {
    guard !shortSides.isEmpty else {
      throw SettingError("list of short sides", "empty", "at least one number")
    }
    for side in shortSides { try SettingError.check("shorter side", side, atLeast: 1, atMost: 65_535) }
    try SettingError.check("longest side", longestSide, atLeast: 1, atMost: 65_535)
    try SettingError.check("probability of mirroring", probability: flipProbability)
    try crop?.validate()
    try colors?.validate()
  }

  /// A sample as the network is to see it.
  ///
  /// - Throws: `DetectorError.tooManyPixels` where a long, narrow picture would be enlarged out of bounds.
  public func applied(to sample: Sample, using generator: inout SeededGenerator) throws -> Sample {
    var sample = crop?.applied(to: sample, using: &generator) ?? sample
    let side = shortSides.randomElement(using: &generator) ?? 800
    try sample.resize(ResizeRule(minimumSide: side, maximumSide: longestSide))
    if generator.chance(flipProbability) {
      sample.mirror()
      if swapsSides { sample.swapSides() }
    }
    if let colors { sample.picture = colors.applied(to: sample.picture, using: &generator) }
    return sample
  }
}

extension Sample {
  package mutating func resize(_ rule: ResizeRule) throws {
    let resized = try Preprocessing.resized(picture, rule)
    let x = Double(resized.width) / Double(picture.width)
    let y = Double(resized.height) / Double(picture.height)
    picture = resized
    for index in objects.indices {
      let box = objects[index].box
      objects[index].box = CornerBox(x0: box.x0 * x, y0: box.y0 * y, x1: box.x1 * x, y1: box.y1 * y)
    }
  }

  package mutating func mirror() {
    picture = picture.mirrored()
    let last = Double(picture.width - 1)
    for index in objects.indices {
      let box = objects[index].box
      (objects[index].box.x0, objects[index].box.x1) = (last - box.x1, last - box.x0)
    }
  }
}
