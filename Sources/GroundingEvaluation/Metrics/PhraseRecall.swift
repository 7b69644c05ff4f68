/// How often a phrase's object is among the first boxes found for it, as Flickr30k Entities has it.
///
/// A phrase is found if any of its first k boxes, the surest first, overlaps a box of its object by at least half of
/// what both cover. Phrases whose object has no box are not asked for.
public struct PhraseRecall: Sendable {
  /// What an object with several boxes is.
  public enum Truth: Sendable, Hashable {
    /// Each of the boxes; one found is enough.
    case anyBox
    /// The smallest box around all of them.
    case mergedBoxes
  }

  /// A phrase of a caption, what it means, and what was found for it.
  public struct Phrase: Sendable, Hashable {
    /// Such as "people"; it may have several.
    public var types: [String]
    /// At least one.
    public var objectBoxes: [Rectangle]
    /// The surest first.
    public var foundBoxes: [Rectangle]

    public init(types: [String], objectBoxes: [Rectangle], foundBoxes: [Rectangle]) {
      (self.types, self.objectBoxes, self.foundBoxes) = (types, objectBoxes, foundBoxes)
    }
  }

  public let truth: Truth
  /// Numbers of boxes that may be tried, `nil` for all of them.
  public let limits: [Int?]
  /// How much boxes must overlap.
  public let overlap: Double
  /// For each type, phrases and how many of them were found within each limit.
  private var tallies: [String: Tally] = [:]
  private var total: Tally

  private struct Tally {
    var phrases = 0
    /// As `limits`.
    var found: [Int]
  }

  /// The values that are there from the start are those of the benchmark.
  public init(_ truth: Truth, limits: [Int?] = [1, 5, 10, nil], overlap: Double = 0.5) {
    (self.truth, self.limits, self.overlap) = (truth, limits, overlap)
    total = Tally(found: limits.map { _ in 0 })
  }

  /// Counts a phrase; one without boxes to find is left out.
  public mutating func add(_ phrase: Phrase) {
    guard !phrase.objectBoxes.isEmpty else { return }
    let objects = truth == .anyBox ? phrase.objectBoxes : [Self.enclosing(phrase.objectBoxes)]
    let first = phrase.foundBoxes.firstIndex { box in objects.contains { box.overlap(with: $0) >= overlap } }
    let isFound = limits.map { limit in first.map { $0 < limit ?? .max } ?? false }
    func count(in tally: inout Tally) {
      tally.phrases += 1
      for index in limits.indices where isFound[index] { tally.found[index] += 1 }
    }
    count(in: &total)
    // A type that stands there twice counts twice, as in the reference.
    for type in phrase.types { count(in: &tallies[type, default: Tally(found: limits.map { _ in 0 })]) }
  }

  /// Types of phrases that were counted, by name.
  public var types: [String] { tallies.keys.sorted() }

  /// Number of phrases counted: of a type, or of all.
  public func phraseCount(of type: String? = nil) -> Int { tally(type)?.phrases ?? 0 }

  /// Share of the phrases that were found: of a type or of all, with at most `limit` boxes, one of `limits`. `nil` where
  /// there are no such phrases.
  public func recall(of type: String? = nil, at limit: Int?) -> Double? {
    guard let tally = tally(type), tally.phrases > 0, let index = limits.firstIndex(of: limit) else {
      return nil
    }
    return Double(tally.found[index]) / Double(tally.phrases)
  }

  private func tally(_ type: String?) -> Tally? {
    if let type { tallies[type] } else { total }
  }

  /// The smallest box around all; there must be one.
  private static func enclosing(_ boxes: [Rectangle]) -> Rectangle {
    let (left, top) = (boxes.map(\.x).min() ?? 0, boxes.map(\.y).min() ?? 0)
    let right = boxes.map { $0.x + $0.width }.max() ?? left
    let bottom = boxes.map { $0.y + $0.height }.max() ?? top
    return Rectangle(x: left, y: top, width: right - left, height: bottom - top)
  }
}
