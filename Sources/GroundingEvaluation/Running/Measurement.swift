/// The figures of a benchmark.
public struct Measurement: Sendable, Hashable {
  /// The benchmark's figures, its chief one first.
  public var figures: [Figure]
  /// Of each class that was measured, or type of phrase.
  public var classes: [ClassFigures]

  public struct ClassFigures: Sendable, Hashable {
    /// In files; nil for a type of phrase.
    public var id: Int?
    public var name: String
    /// Objects or phrases that could be found.
    public var objectCount: Int
    public var figures: [Figure]
  }

  /// - Parameter classes: positions in `data.groundTruth.classes` of the classes to measure; nil for all.
  /// - Throws: `EvaluationError`.
  public init(_ found: FoundObjects, on data: EvaluationData, classes: Set<Int>? = nil) throws {
    fatalError()
  }
}
