/// Lowers the learning rate when validation stops getting better, and ends the run when it does not help (the authors'
/// `USE_AUTOSTEP` and `AUTO_TERMINATE_PATIENCE` for fine-tuning).
public struct Plateau: Codable, Sendable, Hashable {
  /// Validations without a better result before a step down.
  public var patience: Int
  /// Validations below the best before the run ends.
  public var stopPatience: Int
  /// Factor of a step down.
  public var factor: Double
  /// No learning rate goes below this.
  public var minimumRate: Double

  public init(patience: Int = 3, stopPatience: Int = 8, factor: Double = 0.1, minimumRate: Double = 1e-6) {
    (self.patience, self.stopPatience) = (patience, stopPatience)
    (self.factor, self.minimumRate) = (factor, minimumRate)
  }

  public init(from decoder: any Decoder) throws {
    let (usual, values) = (Plateau(), try decoder.container(keyedBy: CodingKeys.self))
    patience = try values.decodeIfPresent(Int.self, forKey: .patience) ?? usual.patience
    stopPatience = try values.decodeIfPresent(Int.self, forKey: .stopPatience) ?? usual.stopPatience
    factor = try values.decodeIfPresent(Double.self, forKey: .factor) ?? usual.factor
    minimumRate = try values.decodeIfPresent(Double.self, forKey: .minimumRate) ?? usual.minimumRate
  }

  /// What has been seen so far.
  public struct Progress: Codable, Sendable, Hashable {
    public var best: Double?
    /// Best result that the patience counts from; it has to be beaten clearly.
    var reference: Double?
    var sinceReference = 0
    var sinceBest = 0
    /// Steps down that were made.
    public private(set) var steps = 0

    public init() {}

    public enum Outcome: Sendable, Hashable { case better, same, stop }

    /// Takes note of a validation result, higher is better.
    package mutating func note(_ result: Double, _ rule: Plateau?) -> Outcome {
      let isBest = best.map { result >= $0 } ?? true
      if isBest { best = result }
      guard let rule else { return isBest ? .better : .same }
      // PyTorch's rule for ReduceLROnPlateau: better by one part in ten thousand.
      if reference.map({ result > $0 * (1 + 1e-4) }) ?? true {
        (reference, sinceReference) = (result, 0)
      } else {
        sinceReference += 1
        if sinceReference > rule.patience { (steps, sinceReference) = (steps + 1, 0) }
      }
      sinceBest = isBest ? 0 : sinceBest + 1
      return isBest ? .better : sinceBest >= rule.stopPatience ? .stop : .same
    }
  }
}
