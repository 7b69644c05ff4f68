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
  private let heads: Int
  /// The layers inside the detection head limit their activations; those of the text encoder do not.
  private let limit: Double?

  static let normEpsilon = 1e-12

  init(_ scope: Scope, _ configuration: BERTConfiguration, limit: Double? = nil) throws {
    let width = configuration.width
    heads = configuration.heads
    self.limit = limit
    let attention = scope / "attention"
    query = try Linear(attention / "self" / "query", inputs: width, outputs: width)
    key = try Linear(attention / "self" / "key", inputs: width, outputs: width)
    value = try Linear(attention / "self" / "value", inputs: width, outputs: width)
    attentionOutput = try Linear(attention / "output" / "dense", inputs: width, outputs: width)
    attentionNorm = try LayerNorm(attention / "output" / "LayerNorm", width: width, epsilon: Self.normEpsilon)
    intermediate = try Linear(
      scope / "intermediate" / "dense", inputs: width, outputs: configuration.intermediate)
    output = try Linear(scope / "output" / "dense", inputs: configuration.intermediate, outputs: width)
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
    let attended = try scores.softmax(-1).matmul(split(value(x)))
      .transposed(1, 2).reshaped(batch, tokens, width)
    let y = try attentionNorm(attentionOutput(attended) + x)

    let expanded = try limited(limited(intermediate(y)).gelu())
    return try limited(outputNorm(limited(output(expanded)) + y))
  }

  private func limited(_ x: Tensor) throws -> Tensor {
    guard let limit else { return x }
    return try x.clamped(min: -limit, max: limit)
  }
}
