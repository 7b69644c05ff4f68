/// How often the one object that an expression refers to is found, as RefCOCO, RefCOCO+ and RefCOCOg have it: the surest
/// box must overlap the object's by at least half of what both cover.
public struct ReferringAccuracy: Sendable, Hashable {
  /// How much the boxes must overlap.
  public let overlap: Double
  public private(set) var expressionCount = 0
  public private(set) var foundCount = 0

  public init(overlap: Double = 0.5) { self.overlap = overlap }

  /// Counts an expression.
  ///
  /// - Parameter found: the surest box, `nil` where nothing was found.
  public mutating func add(object: Rectangle, found: Rectangle?) {
    expressionCount += 1
    if let found, found.overlap(with: object) >= overlap { foundCount += 1 }
  }

  /// Share of the expressions whose object was found; `nil` without expressions.
  public var value: Double? { expressionCount > 0 ? Double(foundCount) / Double(expressionCount) : nil }
}
