import Torch

/// One transformer layer with its norms behind the residuals (Devlin et al., NAACL 2019).
struct BERTLayer: Sendable {
  private let query: Linear
  private let key: Linear
  private let value: Linear
  private let attentionOutput: Linear
  private let attentionNorm: LayerNorm
  private let intermediate: Linear
  private let output: Linear
  private let outputNorm: LayerNorm
  private let dropout: Dropout
  private let heads: Int
  /// The layers inside the detection head limit their activations; those of the text encoder do not.
  private let limit: Double?

  static let normEpsilon = 1e-12

  /// - Parameter initial: of the matrices, biases then starting at 0; libtorch's own for both where there is none
  init(
    _ scope: Scope, _ configuration: BERTConfiguration, limit: Double? = nil, initial: Initializer? = nil
  ) throws {
    let (width, intermediateWidth) = (configuration.width, configuration.intermediate)
    heads = configuration.heads
    self.limit = limit
    func linear(_ scope: Scope, _ inputs: Int, _ outputs: Int) throws -> Linear {
      try Linear(
        scope, inputs: inputs, outputs: outputs, initial: initial,
        initialBias: initial == nil ? nil : .constant(0))
    }
    let attention = scope / "attention"
    query = try linear(attention / "self" / "query", width, width)
    key = try linear(attention / "self" / "key", width, width)
    value = try linear(attention / "self" / "value", width, width)
    attentionOutput = try linear(attention / "output" / "dense", width, width)
    attentionNorm = try LayerNorm(attention / "output" / "LayerNorm", width: width, epsilon: Self.normEpsilon)
    intermediate = try linear(scope / "intermediate" / "dense", width, intermediateWidth)
    output = try linear(scope / "output" / "dense", intermediateWidth, width)
    dropout = Dropout(scope, rate: configuration.dropout)
    outputNorm = try LayerNorm(scope / "output" / "LayerNorm", width: width, epsilon: Self.normEpsilon)
  }

  /// - Parameters:
  ///   - x: [B, T, width]
  ///   - padding: [B, 1, 1, T], very negative at padded tokens and 0 elsewhere; `nil` where nothing is padded
  func callAsFunction(_ x: Tensor, padding: Tensor?) throws -> Tensor {
    let (batch, tokens, width) = (x.size(0), x.size(1), x.size(2))
    func split(_ projected: Tensor) throws -> Tensor {
      try projected.reshaped(batch, tokens, heads, width / heads).transposed(1, 2)
    }
    let scale = 1 / Double(width / heads).squareRoot()
    var scores = try limited(split(query(x)).matmul(split(key(x)).transposed(-2, -1)) * scale)
    if let padding { scores = try scores + padding }
    let attended = try dropout(scores.softmax(-1)).matmul(split(value(x)))
      .transposed(1, 2).reshaped(batch, tokens, width)
    let y = try attentionNorm(dropout(attentionOutput(attended)) + x)

    let expanded = try limited(limited(intermediate(y)).gelu())
    return try limited(outputNorm(limited(dropout(output(expanded))) + y))
  }

  private func limited(_ x: Tensor) throws -> Tensor {
    guard let limit else { return x }
    return try x.clamped(min: -limit, max: limit)
  }
}
