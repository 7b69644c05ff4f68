import GLIP

/// How the classes of a detection data set become a sentence (paper, section 3.1), anew for every sample.
public struct DetectionPrompting: Sendable, Hashable, Codable {
  /// Whether classes are named in random order instead of the data set's.
  public var isShuffled = true
  /// Which of the classes that a picture lacks are named with those that it has; nil for all classes, always.
  public var negatives: NegativeSampling?
  /// Between two names.
  public var separator = PromptStyle.evaluation.separator
  /// Words before the names.
  public var opening = Opening.none
  /// What classes are called, in the order of the data set's list; nil for their names there.
  public var classPrompts: [ClassPrompt]?

  /// What a list of names begins with.
  public enum Opening: String, Sendable, Hashable, Codable {
    case none
    /// "object detection : "
    case detection
    /// "object detection : ", or "object detection query : " where only classes of the picture are named, or
    /// none.
    case detectionOrQuery
  }

  /// All classes in random order: data sets of few classes.
  public init() {}

  /// All classes in the data set's order, as for fine-tuning on COCO and on ODinW.
  public static var inOrder: DetectionPrompting {
    var result = DetectionPrompting()
    result.isShuffled = false
    return result
  }

  /// The classes of the picture among up to 85 others: pre-training on Objects365.
  public static var objects365: DetectionPrompting {
    var result = DetectionPrompting()
    result.negatives = NegativeSampling()
    return result
  }

  /// As many other classes as there is room for up to 85, always: LVIS.
  public static var lvis: DetectionPrompting {
    var result = DetectionPrompting()
    result.negatives = NegativeSampling()
    result.negatives?.allProbability = 1
    result.negatives?.includesBackground = false
    return result
  }

  public init(from decoder: any Decoder) throws {
    let settings = try decoder.settings(CodingKeys.self)
    isShuffled = try settings.value(.isShuffled, or: isShuffled)
    negatives = try settings.decodeIfPresent(NegativeSampling.self, forKey: .negatives)
    separator = try settings.value(.separator, or: separator)
    opening = try settings.value(.opening, or: opening)
    classPrompts = try settings.decodeIfPresent([ClassPrompt].self, forKey: .classPrompts)
  }
}

/// How many classes that a picture lacks are named in its prompt.
public struct NegativeSampling: Sendable, Hashable, Codable {
  /// Most classes that are drawn, before those that the picture has are taken out.
  public var maximum = 85
  /// Probability of drawing a single class.
  public var oneProbability = 0.0
  /// Probability of drawing none.
  public var noneProbability = 0.0
  /// Probability of drawing `maximum`. In the cases that remain any number from 1 to `maximum` is as likely.
  public var allProbability = 0.5
  /// Whether `__background__` may be drawn as well, as if it were a class. The authors' tables of classes
  /// hold it at index 0, so released models have seen it.
  public var includesBackground = true

  public init() {}

  public init(from decoder: any Decoder) throws {
    let settings = try decoder.settings(CodingKeys.self)
    maximum = try settings.value(.maximum, or: maximum)
    oneProbability = try settings.value(.oneProbability, or: oneProbability)
    noneProbability = try settings.value(.noneProbability, or: noneProbability)
    allProbability = try settings.value(.allProbability, or: allProbability)
    includesBackground = try settings.value(.includesBackground, or: includesBackground)
  }

  /// - Parameter total: of the classes there are to draw from.
  func count(of total: Int, using generator: inout SeededGenerator) -> Int {
    let most = min(maximum, total)
    var chance = Double.random(in: 0..<1, using: &generator)
    if chance < oneProbability { return min(1, total) }
    chance -= oneProbability
    if chance < noneProbability { return 0 }
    chance -= noneProbability
    if chance < allProbability { return most }
    return Int.random(in: 0..<max(most, 1), using: &generator) + 1
  }

  func validate() throws(SettingError) {
    try SettingError.check("maximum of sampled negative classes", maximum, atLeast: 0)
    try SettingError.check("probability of one negative class", probability: oneProbability)
    try SettingError.check("probability of no negative class", probability: noneProbability)
    try SettingError.check("probability of all negative classes", probability: allProbability)
    let sum = oneProbability + noneProbability + allProbability
    guard sum < 1 + 1e-9 else {
      throw SettingError("sum of the probabilities of negative classes", sum, "at most 1")
    }
  }
}
