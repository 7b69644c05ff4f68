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
  private let tower: DynamicHead
  private let alignment: AlignmentHead

  public init(_ scope: Scope, _ configuration: GLIPConfiguration) throws {
    self.configuration = configuration
    let head = configuration.head
    body = try SwinTransformer(scope / "backbone" / "body", configuration.swin)
    pyramid = try FeaturePyramid(
      scope / "backbone" / "fpn", inputs: Array(body.channels.dropFirst()), channels: head.channels)
    language = try BERTEncoder(scope / "language_backbone" / "body" / "model", configuration.bert)
    let rpn = scope / "rpn" / "head"
    tower = try DynamicHead(rpn / "dyhead_tower", head: head, bert: configuration.bert)
    alignment = try AlignmentHead(
      rpn, head: head, languageWidth: configuration.bert.width, levels: Anchors.strides.count)
  }

  /// Element type of the large weights.
  package var matrixType: DType { language.matrixType }

  /// Normalised pictures [B, 3, H, W] -> P3…P7, [B, C, h, w] with strides 8…128.
  package func encode(pictures: Tensor) throws -> [Tensor] {
    let maps = try StageClock.time(.backbone) { try body(pictures) }
    return try StageClock.time(.pyramid) { try pyramid(maps) }
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
    let fused = try tower(levels, words: words, padding: padding)
    return try StageClock.time(.heads) { try alignment(fused.levels, words: fused.words) }
  }
}
