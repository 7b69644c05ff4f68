import Pictures

/// Cuts a part out of a picture, such that every object is in it, for the most part at least, or wholly
/// outside. Words of objects that are outside stay in the prompt: they are not to be found any more.
public struct RandomCrop: Sendable, Hashable, Codable {
  public var probability = 0.5
  /// The smallest width and height of the part, as shares of the picture's.
  public var minimumSide = 0.5
  /// The smallest share of a box that must be in the part, unless none of it is.
  public var minimumVisible = 0.6

  /// Parts that are tried before the picture is left whole.
  private static let attempts = 20

  public init() {}

  public init(from decoder: any Decoder) throws {
    let settings = try decoder.settings(CodingKeys.self)
    probability = try settings.value(.probability, or: probability)
    minimumSide = try settings.value(.minimumSide, or: minimumSide)
    minimumVisible = try settings.value(.minimumVisible, or: minimumVisible)
  }

  func validate() throws(SettingError) {
    try SettingError.check("probability of cropping", probability: probability)
    try SettingError.check("smallest side of a crop", probability: minimumSide)
    try SettingError.check("smallest visible share of a box", probability: minimumVisible)
  }

  package func applied(to sample: Sample, using generator: inout SeededGenerator) -> Sample {
    guard generator.chance(probability) else { return sample }
    for _ in 0..<Self.attempts {
      let x = range(in: sample.picture.width, using: &generator)
      let y = range(in: sample.picture.height, using: &generator)
      guard let objects = objects(of: sample, x, y) else { continue }
      var result = sample
      (result.picture, result.objects) = (sample.picture.cropped(x: x, y: y), objects)
      return result
    }
    return sample
  }

  private func range(in length: Int, using generator: inout SeededGenerator) -> Range<Int> {
    let share = Double.random(in: minimumSide...1, using: &generator)
    let size = min(max(Int((share * Double(length)).rounded()), 1), length)
    let begin = Int.random(in: 0...(length - size), using: &generator)
    return begin..<begin + size
  }

  /// The objects in the part, or nil if one is cut too much, or none of several remains.
  private func objects(of sample: Sample, _ x: Range<Int>, _ y: Range<Int>) -> [Sample.Object]? {
    var result: [Sample.Object] = []
    let part = CornerBox(
      x0: Double(x.lowerBound), y0: Double(y.lowerBound), x1: Double(x.upperBound - 1),
      y1: Double(y.upperBound - 1))
    for object in sample.objects {
      let box = object.box
      let cut = CornerBox(
        x0: max(box.x0, part.x0), y0: max(box.y0, part.y0), x1: min(box.x1, part.x1), y1: min(box.y1, part.y1)
      )
      guard cut.width > 0, cut.height > 0 else { continue }
      let visible = cut.width * cut.height / (box.width * box.height)
      guard cut.x1 > cut.x0, cut.y1 > cut.y0, visible >= minimumVisible else { return nil }
      var object = object
      object.box = CornerBox(
        x0: cut.x0 - part.x0, y0: cut.y0 - part.y0, x1: cut.x1 - part.x0, y1: cut.y1 - part.y0)
      result.append(object)
    }
    return result.isEmpty && !sample.objects.isEmpty ? nil : result
  }
}
