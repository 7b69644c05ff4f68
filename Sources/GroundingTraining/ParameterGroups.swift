import Torch

/// How fast each parameter learns and how fast it decays, by its name.
public struct ParameterRules: Codable, Sendable, Hashable {
  /// Of everything but the text encoder.
  public var learningRate = 1e-4
  /// Of the text encoder; the BERT layers of the head are not part of it.
  public var languageLearningRate = 1e-5
  /// Of the picture encoder, times `learningRate`.
  public var bodyFactor = 1.0
  public var weightDecay = 1e-4
  /// Times the decay, of the norms' weights.
  public var normDecayFactor = 1.0
  /// Times the rate, of biases. They include everything whose name has "bias" in it: the tables of relative positions of
  /// the picture encoder, and the biases of the alignment.
  public var biasFactor = 2.0
  /// In place of the decay, of biases.
  public var biasDecay = 0.0

  public init() {}

  /// Learning rate and weight decay of one parameter, before any schedule.
  public func rates(of name: String) -> (learningRate: Double, weightDecay: Double) {
    var (rate, decay) = (learningRate, weightDecay)
    if name.contains("language_backbone") {
      rate = languageLearningRate
    } else if name.contains("backbone.body") {
      rate *= bodyFactor
    }
    if name.contains("bias") { (rate, decay) = (rate * biasFactor, biasDecay) }
    if name.contains("norm") || name.contains("Norm") { decay *= normDecayFactor }
    return (rate, decay)
  }
}

/// A parameter that is trained.
public struct ParameterGroup: Sendable {
  public let name: String
  public let tensor: Tensor
  public let learningRate, weightDecay: Double
}

extension Parameters {
  /// The parameters that record gradients, with their rates.
  public func groups(_ rules: ParameterRules) -> [ParameterGroup] {
    all.filter(\.tensor.requiresGradient).map { name, tensor, _ in
      let rates = rules.rates(of: name)
      return ParameterGroup(
        name: name, tensor: tensor, learningRate: rates.learningRate, weightDecay: rates.weightDecay)
    }
  }
}

extension PathSet {
  /// What is never trained: the plain classifier, which plays no part in the loss.
  public static let unused: PathSet = ["rpn.head.cls_logits"]

  /// The first stages of the picture encoder, counted as the authors' configurations do: -1 is none of them, 0 and 1 the
  /// patch embedding, and each further number a stage more.
  public static func stages(_ count: Int) -> PathSet {
    guard count >= 0 else { return [] }
    let stages = (0..<max(count - 1, 0)).map { "backbone.body.layers.\($0)" }
    return PathSet(["backbone.body.patch_embed"] + stages)
  }
}
