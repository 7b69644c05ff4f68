import Torch

/// The network: Swin and pyramid for the picture, BERT for the prompt, the fused tower, the predictors.
///
///     picture -> SwinTransformer -> FeaturePyramid ─┐
///                                                   ├-> DynamicHead (DeepFusion, BERTLayer, DynamicConvolution) -> AlignmentHead
///     prompt  -> BERTEncoder ───────────────────────┘
///
/// The paths of its parameters are the names in the authors' checkpoints.
public struct GLIPModel: Sendable {
  public let configuration: GLIPConfiguration
  private let body: SwinTransformer
  private let pyramid: FeaturePyramid
  private let language: BERTEncoder
  private let promptOffsets: PromptOffsets?
  private let tower: DynamicHead
  private let alignment: AlignmentHead

  public init(_ scope: Scope, _ configuration: GLIPConfiguration) throws {
    self.configuration = configuration
    let head = configuration.head
    body = try SwinTransformer(scope / "backbone" / "body", configuration.swin)
    pyramid = try FeaturePyramid(
      scope / "backbone" / "fpn", inputs: Array(body.channels.dropFirst()), channels: head.channels,
      dropBlock: head.dropBlock)
    language = try BERTEncoder(scope / "language_backbone" / "body" / "model", configuration.bert)
    promptOffsets =
      head.promptOffsets > 0
      ? try PromptOffsets(scope, count: head.promptOffsets, width: configuration.bert.width) : nil
    let rpn = scope / "rpn" / "head"
    tower = try DynamicHead(rpn / "dyhead_tower", head: head, bert: configuration.bert)
    alignment = try AlignmentHead(
      rpn, head: head, languageWidth: configuration.bert.width, levels: Anchors.strides.count)
  }

  /// Element type of the large weights.
  package var matrixType: DType { language.matrixType }

  /// Normalised pictures [B, 3, H, W] -> the picture encoder's maps with strides 8, 16 and 32, [B, C, h, w].
  package func maps(of pictures: Tensor) throws -> [Tensor] { try body(pictures) }

  /// Normalised pictures [B, 3, H, W] -> P3…P7, [B, C, h, w] with strides 8…128.
  package func encode(pictures: Tensor) throws -> [Tensor] {
    let maps = try StageClock.time(.backbone) { try body(pictures) }
    return try StageClock.time(.pyramid) { try pyramid(maps) }
  }

  /// What `maps(of:)` returned -> what the tower makes of P3…P7 where there are no words to read, [B, C, h, w].
  package func regions(of maps: [Tensor]) throws -> [Tensor] { try tower(pyramid(maps)) }

  /// The alignment of regions' features with names, without what words are biased by: [N, C] and the means of
  /// their words' unit vectors [names, L] -> logits [N, names].
  package func align(_ regions: Tensor, names: Tensor) throws -> Tensor {
    try alignment.align(regions, names: names)
  }

  /// Token ids, int64 [B, T] -> [B, T, L].
  package func encode(prompts ids: Tensor, padding: Tensor? = nil) throws -> Tensor {
    try StageClock.time(.text) { try language(ids, padding: padding) }
  }

  /// Everything after the two encoders.
  ///
  /// - Parameters:
  ///   - levels: what `encode(pictures:)` returned
  ///   - words: what `encode(prompts:)` returned
  ///   - padding: [B, 1, 1, T], very negative at padded words; `nil` where nothing is padded
  package func predict(_ levels: [Tensor], words: Tensor, padding: Tensor? = nil) throws -> [LevelPrediction]
  {
    try output(levels, words: words, padding: padding).predictions
  }

  /// The same, with the features that predictions are made of.
  private func output(_ levels: [Tensor], words: Tensor, padding: Tensor?) throws -> NetworkOutput {
    let words = try promptOffsets.map { try $0(words) } ?? words
    let fused = try tower(levels, words: words, padding: padding)
    let predictions = try StageClock.time(.heads) { try alignment(fused.levels, words: fused.words) }
    return NetworkOutput(predictions: predictions, levels: fused.levels, words: fused.words)
  }

  /// What the network makes of pictures that have a prompt each; also in training, see `Regularization`.
  ///
  /// - Parameters:
  ///   - pictures: normalised, [B, 3, H, W], sides being multiples of 32
  ///   - prompts: the tokens of each picture's prompt
  /// - Returns: T being the length of the longest prompt
  package func callAsFunction(_ pictures: Tensor, prompts: [[Int32]]) throws -> NetworkOutput {
    let prompts = try PaddedPrompts(prompts, device: pictures.device)
    let words = try encode(prompts: prompts.ids, padding: prompts.padding)
    return try output(encode(pictures: pictures), words: words, padding: prompts.padding)
  }
}

/// Everything that the network puts out.
package struct NetworkOutput: Sendable {
  /// Of P3…P7.
  package let predictions: [LevelPrediction]
  /// Features of P3…P7 after the tower, [B, C, h, w].
  package let levels: [Tensor]
  /// Features of the words after the tower, [B, T, L].
  package let words: Tensor
}
