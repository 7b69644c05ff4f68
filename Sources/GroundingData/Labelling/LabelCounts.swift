/// What labelling has asked for, found and left out.
public struct LabelCounts: Sendable, Hashable {
  /// Captions of more tokens than the network takes, the end of which it did not see.
  public var cutCaptions = 0
  public var captionsWithoutPhrases = 0
  /// Noun phrases of the captions, or classes that were looked for.
  public var phrases = 0
  public var excludedPhrases = 0
  /// In the part of a caption that the network did not see, or of characters that it cannot read.
  public var unseenPhrases = 0
  public var phrasesWithBoxes = 0

  public var detections = 0
  public var belowThreshold = 0
  public var outsideAreas = 0
  public var overlapping = 0
  public var beyondPhraseLimit = 0
  public var onSparsePictures = 0
  /// What remained.
  public var boxes = 0
  /// Detections by score, in twenty steps from 0 to 1.
  public var scores = [Int](repeating: 0, count: Self.binCount)

  static let binCount = 20

  package static func bin(of score: Double) -> Int {
    min(max(Int(score * Double(binCount)), 0), binCount - 1)
  }

  /// Names in files.
  static let members: [(name: String, path: WritableKeyPath<LabelCounts, Int> & Sendable)] = [
    ("cutCaptions", \.cutCaptions), ("captionsWithoutPhrases", \.captionsWithoutPhrases),
    ("phrases", \.phrases), ("excludedPhrases", \.excludedPhrases), ("unseenPhrases", \.unseenPhrases),
    ("phrasesWithBoxes", \.phrasesWithBoxes), ("detections", \.detections),
    ("belowThreshold", \.belowThreshold), ("outsideAreas", \.outsideAreas), ("overlapping", \.overlapping),
    ("beyondPhraseLimit", \.beyondPhraseLimit), ("onSparsePictures", \.onSparsePictures), ("boxes", \.boxes),
  ]

  public init() {}

  static func += (total: inout Self, other: Self) {
    for (_, path) in members { total[keyPath: path] += other[keyPath: path] }
    for index in total.scores.indices { total.scores[index] += other.scores[index] }
  }
}

extension LabelCounts {
  /// Zeros are left out.
  var json: String {
    let members = Self.members.map { name, path in
      (name, self[keyPath: path] == 0 ? nil : String(self[keyPath: path]) as String?)
    }
    let isEmpty = scores.allSatisfy { $0 == 0 }
    return JSONText.object(members + [("scores", isEmpty ? nil : JSONText.list(scores.map { String($0) }))])
  }

  init(_ object: JSONObject) throws(Fault) {
    self.init()
    for (name, path) in Self.members where object[name] != nil {
      self[keyPath: path] = try object.integer(name)
    }
    guard object["scores"] != nil else { return }
    scores = try object.integers("scores")
    guard scores.count == Self.binCount else { throw Fault("'scores' has a wrong length") }
  }
}
