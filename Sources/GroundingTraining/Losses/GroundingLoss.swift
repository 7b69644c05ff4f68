import GLIP
import Torch

/// What the terms of the loss weigh.
public struct LossConfiguration: Codable, Sendable, Hashable {
  public var alignmentWeight = 1.0
  public var boxWeight = 2.0
  public var centernessWeight = 1.0
  /// Of masked language modelling; 0 leaves it out. See `AuxiliaryLosses`.
  public var maskedLanguageWeight = 0.0
  /// Of contrastive alignment; 0 leaves it out.
  public var contrastiveWeight = 0.0
  /// Focal loss of the alignment: weight of words that belong, and how much is taken off what is right already.
  public var focalAlpha = 0.25
  public var focalGamma = 2.0

  public init() {}
}

/// Terms of a batch's loss, weighted, each a single float32.
public struct LossTerms: Sendable {
  /// Focal loss of word-region alignment.
  public var alignment: Tensor
  /// Generalised IoU of boxes.
  public var box: Tensor
  public var centerness: Tensor
  public var maskedLanguage: Tensor?
  public var contrastive: Tensor?
  /// Positive anchors, the mean over all processes, at least 1: what terms are divided by.
  public var positiveCount: Double

  public var total: Tensor {
    get throws {
      var sum = try alignment + box + centerness
      if let maskedLanguage { sum = try sum + maskedLanguage }
      if let contrastive { sum = try sum + contrastive }
      return sum
    }
  }

  /// The terms that there are, by name, in order.
  public var named: [(name: String, value: Tensor)] {
    [("alignment", alignment), ("box", box), ("centerness", centerness)]
      + [("masked_language", maskedLanguage), ("contrastive", contrastive)].compactMap { name, value in
        value.map { (name, $0) }
      }
  }
}

/// The loss of detection as grounding (paper, section 3.1): alignment of regions with words in place of classes, and
/// localisation as in ATSS.
public struct GroundingLoss: Sendable {
  public var configuration: LossConfiguration
  /// Means over all processes of a run, of numbers that each has its own of.
  public typealias Averaging = @Sendable ([Double]) throws -> [Double]
  private let averaging: Averaging

  /// - Parameter averaging: called once for every batch; a single process needs none
  public init(
    _ configuration: LossConfiguration = LossConfiguration(), averaging: @escaping Averaging = { $0 }
  ) {
    (self.configuration, self.averaging) = (configuration, averaging)
  }

  /// - Parameters:
  ///   - predictions: of P3…P7
  ///   - assigned: what they should be
  package func callAsFunction(_ predictions: [LevelPrediction], _ assigned: AssignedTargets) throws
    -> LossTerms
  {
    let means = try averaging([Double(assigned.positiveCount), assigned.centernessSum])
    let positiveCount = max(means[0], 1)
    func joined(_ part: KeyPath<LevelPrediction, Tensor>) throws -> Tensor {
      try Tensor.concatenated(predictions.map { $0[keyPath: part] }, dimension: 1).to(.float32)
    }
    func positives(_ part: KeyPath<LevelPrediction, Tensor>) throws -> Tensor {
      try joined(part).flattened(from: 0, through: 1).picked(assigned.positions, dimension: 0)
    }

    let alignment = try sigmoidFocalLoss(
      joined(\.logits), targets: assigned.tokens, valid: assigned.valid, alpha: configuration.focalAlpha,
      gamma: configuration.focalGamma)

    let boxes = try BoxCoder.decode(positives(\.boxes), anchors: assigned.anchors)
    let misses = try -generalizedIoU(boxes, assigned.boxes) + 1
    let box = try (misses * assigned.centerness).sum()

    let logits = try positives(\.centerness)
    let centerness = try (logits.softplus() - logits * assigned.centerness).sum()

    return LossTerms(
      alignment: try alignment * (configuration.alignmentWeight / positiveCount),
      box: try box * (configuration.boxWeight / max(means[1], 1e-6)),
      centerness: try centerness * (configuration.centernessWeight / positiveCount),
      positiveCount: positiveCount)
  }
}
