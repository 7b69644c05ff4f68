/// Operators that training needs and inference does not.
extension ATen {
  static let dropout = Operator("aten::dropout")
  static let maxPool = Operator("aten::max_pool2d")
  static let log = Operator("aten::log")
  static let pow = Operator("aten::pow.Tensor_Scalar")
  static let softplus = Operator("aten::softplus")
  static let logSumExp = Operator("aten::logsumexp")
  static let adaptiveAveragePool = Operator("aten::adaptive_avg_pool2d")
  static let crossEntropy = Operator("aten::cross_entropy_loss")
}

extension Tensor {
  /// The natural logarithm.
  public func logarithm() throws -> Tensor { try ATen.log(self) }
  public func power(_ exponent: Double) throws -> Tensor { try ATen.pow(self, exponent) }
  /// ln(1 + eˣ): the cross-entropy of a sigmoid's logit whose answer is no.
  public func softplus() throws -> Tensor { try ATen.softplus(self) }
  /// ln Σ eˣ over the given dimensions.
  public func logSumExp(_ dimensions: [Int]) throws -> Tensor { try ATen.logSumExp(self, dimensions) }
  /// [B, C, h, w] reduced to a size, each element the mean of those that it stands for.
  public func averaged(to size: [Int]) throws -> Tensor { try ATen.adaptiveAveragePool(self, size) }
  /// The mean cross-entropy of logits [n, classes] whose answers are the classes `answers`, int64 [n].
  public func crossEntropy(_ answers: Tensor) throws -> Tensor { try ATen.crossEntropy(self, answers) }
}
