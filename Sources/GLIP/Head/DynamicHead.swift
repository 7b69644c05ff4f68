import Torch

/// The tower between pyramid and predictors: in every block picture and words are fused, the words pass a BERT
/// layer and the picture a DyHead block (paper, section 3.3, equation 4).
struct DynamicHead: Sendable {
  private let blocks: [Block]

  private struct Block: Sendable {
    let fusion: (attention: DeepFusion, language: BERTLayer)?
    let convolution: DynamicConvolution
  }

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
        fusion: fusion,
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
    var (levels, words) = (levels, words)
    for (index, block) in blocks.enumerated() {
      if let (attention, language) = block.fusion {
        (levels, words) = try StageClock.time(.fusion) {
          let shapes = levels.map { (height: $0.size(2), width: $0.size(3)) }
          let visual = try Tensor.concatenated(levels.map(AlignmentHead.positions), dimension: 1)
          let fused = try attention(visual: visual, language: words, padding: padding)
          let parts = try fused.visual.split(shapes.map { $0.height * $0.width }, dimension: 1)
          let maps = try zip(parts, shapes).map { part, shape in
            try part.reshaped(part.size(0), shape.height, shape.width, -1).permuted(0, 3, 1, 2)
          }
          return (maps, fused.language)
        }
        for (level, x) in levels.enumerated() { Trace.record("head\(index)_fuse_v\(level)", x) }
        Trace.record("head\(index)_fuse_lang", words)
        words = try StageClock.time(.languageLayers) { try language(words, padding: padding) }
        Trace.record("head\(index)_bert_lang", words)
      }
      levels = try StageClock.time(.convolutions) { try block.convolution(levels) }
      for (level, x) in levels.enumerated() { Trace.record("head\(index)_dyconv_v\(level)", x) }
    }
    return (levels, words)
  }
}
