import Torch

/// The tower between pyramid and predictors: in every block picture and words are fused, the words pass a BERT
/// layer and the picture a DyHead block (paper, section 3.3, equation 4).
struct DynamicHead: Sendable {
  private let blocks: [Block]

  /// Activations of the tower's BERT layers are limited as in the authors' code.
  private static let limit = 50_000.0

  init(_ scope: Scope, head: HeadConfiguration, bert: BERTConfiguration) throws {
    // The authors number fusion, BERT layer and convolution of all blocks in one list.
    let stride = head.fusion ? 3 : 1
    blocks = try (0..<head.blocks).map { index in
      let first = index * stride
      let fusion =
        head.fusion
        ? (
          attention: try DeepFusion(scope / first, head: head, languageWidth: bert.width),
          language: try BERTLayer(scope / (first + 1), bert, limit: Self.limit)
        ) : nil
      return Block(
        index: index, fusion: fusion,
        convolution: try DynamicConvolution(
          scope / (first + stride - 1), channels: head.channels, groups: head.groups, name: "dy\(index)"))
    }
  }

  /// - Parameters:
  ///   - levels: P3…P7, [B, C, h, w]
  ///   - words: [B, T, L]
  ///   - padding: [B, 1, 1, T], very negative at padded words; `nil` where nothing is padded
  func callAsFunction(
    _ levels: [Tensor], words: Tensor, padding: Tensor?
  ) throws -> (levels: [Tensor], words: Tensor) {
    var (levels, words) = (try PyramidLevels(levels), words)
    for block in blocks {
      let shapes = levels.shapes
      let outputs = try ActivationCheckpointing.run([levels.rows, words] + [padding].compactMap(\.self)) {
        let (levels, words) = try block(
          PyramidLevels(rows: $0[0], shapes: shapes), words: $0[1], padding: $0.count > 2 ? $0[2] : nil)
        return [levels.rows, words]
      }
      (levels, words) = (PyramidLevels(rows: outputs[0], shapes: shapes), outputs[1])
    }
    return (try levels.maps, words)
  }

  /// What the tower makes of a picture where there are no words to read.
  ///
  /// - Parameter levels: P3…P7, [B, C, h, w]
  func callAsFunction(_ levels: [Tensor]) throws -> [Tensor] {
    try blocks.reduce(PyramidLevels(levels)) { try $1($0) }.maps
  }
}

/// One block of the tower.
private struct Block: Sendable {
  let index: Int
  let fusion: (attention: DeepFusion, language: BERTLayer)?
  let convolution: DynamicConvolution

  func callAsFunction(
    _ levels: PyramidLevels, words: Tensor, padding: Tensor?
  ) throws -> (levels: PyramidLevels, words: Tensor) {
    var (levels, words) = (levels, words)
    if let (attention, language) = fusion {
      (levels, words) = try StageClock.time(.fusion) {
        let fused = try attention(visual: levels.rows, language: words, padding: padding)
        return (PyramidLevels(rows: fused.visual, shapes: levels.shapes), fused.language)
      }
      try record("head\(index)_fuse_v", levels)
      Trace.record("head\(index)_fuse_lang", words)
      words = try StageClock.time(.languageLayers) { try language(words, padding: padding) }
      Trace.record("head\(index)_bert_lang", words)
    }
    levels = try StageClock.time(.convolutions) { try convolution(levels) }
    try record("head\(index)_dyconv_v", levels)
    return (levels, words)
  }

  func callAsFunction(_ levels: PyramidLevels) throws -> PyramidLevels {
    guard let fusion else { return try convolution(levels) }
    return try convolution(
      PyramidLevels(rows: fusion.attention.wordless(levels.rows), shapes: levels.shapes))
  }

  private func record(_ name: String, _ levels: PyramidLevels) throws {
    guard Trace.current != nil else { return }
    for (level, map) in try levels.maps.enumerated() { Trace.record("\(name)\(level)", map) }
  }
}
