import Torch

/// The text encoder. It does not depend on the picture: a prompt is encoded once.
struct BERTEncoder: Sendable {
  private let words: Embedding
  private let positions: Embedding
  private let types: Embedding
  private let norm: LayerNorm
  private let dropout: Dropout
  private let layers: [BERTLayer]

  init(_ scope: Scope, _ configuration: BERTConfiguration) throws {
    let embeddings = scope / "embeddings"
    let width = configuration.width
    words = try Embedding(embeddings / "word_embeddings", count: configuration.vocabulary, width: width)
    positions = try Embedding(
      embeddings / "position_embeddings", count: configuration.positions, width: width)
    types = try Embedding(embeddings / "token_type_embeddings", count: 2, width: width)
    norm = try LayerNorm(embeddings / "LayerNorm", width: width, epsilon: BERTLayer.normEpsilon)
    layers = try (0..<configuration.layers).map { index in
      try BERTLayer(scope / "encoder" / "layer" / index, configuration, initial: .transformer)
    }
    dropout = Dropout(embeddings, rate: configuration.dropout)
  }

  var matrixType: DType { words.weight.dtype }

  /// - Parameters:
  ///   - ids: int64 [B, T]
  ///   - padding: as in `BERTLayer`
  /// - Returns: [B, T, width]
  func callAsFunction(_ ids: Tensor, padding: Tensor? = nil) throws -> Tensor {
    let place = try positions(Tensor.arange(0..<ids.size(1), device: ids.device))
    let type = try types.weight.selected(0, 0)
    var x = try dropout(norm((words(ids) + type + place).to(.float32)))
    Trace.record("bert_embeddings", x)
    for (index, layer) in layers.enumerated() {
      x = try layer(x, padding: padding)
      Trace.record("bert_layer\(index)", x)
    }
    Trace.record("bert_last_hidden", x)
    // The authors' name for the same with padding set to zero; there is no padding here.
    Trace.record("bert_embedded", x)
    return x
  }
}
