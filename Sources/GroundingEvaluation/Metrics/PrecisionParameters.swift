/// At what precision and recall are taken. The values that are there from the start are those of COCO.
public struct PrecisionParameters: Sendable, Hashable {
  /// How much a detection must overlap an object to have found it; at most 64.
  public var overlaps: [Double] = Self.steps(from: 0.5, to: 0.95, count: 10)
  /// Where the curve of precision over recall is sampled, rising.
  public var recalls: [Double] = Self.steps(from: 0, to: 1, count: 101)
  /// At most 64.
  public var areas: [AreaRange] = [.all, .small, .medium, .large]
  /// The best detections of a class on a picture that count, rising.
  public var detectionLimits: [Int] = [1, 10, 100]

  public init() {}

  /// Sizes of objects that count; others are neither missed nor found.
  public struct AreaRange: Sendable, Hashable {
    public var name: String
    /// In square pixels.
    public var range: ClosedRange<Double>

    public init(name: String, range: ClosedRange<Double>) { (self.name, self.range) = (name, range) }

    public static let all = AreaRange(name: "all", range: 0...1e10)
    public static let small = AreaRange(name: "small", range: 0...(32 * 32))
    public static let medium = AreaRange(name: "medium", range: (32 * 32)...(96 * 96))
    public static let large = AreaRange(name: "large", range: (96 * 96)...1e10)
  }

  /// Evenly spaced numbers, rounded as in NumPy's `linspace`: a recall of 3 in 10 is on one side of the sampling point
  /// 0.3 or on the other.
  static func steps(from first: Double, to last: Double, count: Int) -> [Double] {
    let step = (last - first) / Double(count - 1)
    return (0..<count - 1).map { Double($0) * step + first } + [last]
  }

  func validate() throws {
    func check(_ condition: Bool, _ reason: String) throws {
      if !condition { throw EvaluationError(.invalidParameters, reason) }
    }
    try check(
      (1...64).contains(overlaps.count), "between 1 and 64 overlaps are possible, not \(overlaps.count)")
    try check(overlaps.allSatisfy(\.isFinite), "an overlap is not finite")
    try check(!recalls.isEmpty && recalls == recalls.sorted(), "the recalls \(recalls) are not rising")
    try check(
      (1...64).contains(areas.count), "between 1 and 64 ranges of areas are possible, not \(areas.count)")
    try check(
      detectionLimits.first ?? 0 > 0 && detectionLimits == detectionLimits.sorted(),
      "the limits of detections \(detectionLimits) are not positive and rising")
  }
}
