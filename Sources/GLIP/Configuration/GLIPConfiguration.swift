/// Everything that distinguishes one GLIP network from another: sizes, depths and whether text and picture meet
/// before the last layer. What all of them share is written where it is used.
public struct GLIPConfiguration: Codable, Sendable, Hashable {
  public var swin: SwinConfiguration
  public var bert: BERTConfiguration
  public var head: HeadConfiguration

  public init(swin: SwinConfiguration, bert: BERTConfiguration, head: HeadConfiguration) {
    self.swin = swin
    self.bert = bert
    self.head = head
  }
}

/// The picture encoder (Liu et al., "Swin Transformer", ICCV 2021).
public struct SwinConfiguration: Codable, Sendable, Hashable {
  /// Channels after the patch embedding; they double with each stage.
  public var channels: Int
  /// Blocks of each of the four stages.
  public var depths: [Int]
  /// Attention heads of each stage.
  public var heads: [Int]
  /// Side of an attention window, in patches.
  public var window: Int

  public init(channels: Int, depths: [Int], heads: [Int], window: Int) {
    self.channels = channels
    self.depths = depths
    self.heads = heads
    self.window = window
  }
}

/// The text encoder (Devlin et al., "BERT", NAACL 2019).
public struct BERTConfiguration: Codable, Sendable, Hashable {
  public var vocabulary: Int
  public var width: Int
  public var layers: Int
  public var heads: Int
  public var intermediate: Int
  public var positions: Int

  public init(vocabulary: Int, width: Int, layers: Int, heads: Int, intermediate: Int, positions: Int) {
    self.vocabulary = vocabulary
    self.width = width
    self.layers = layers
    self.heads = heads
    self.intermediate = intermediate
    self.positions = positions
  }

  public static let baseUncased = BERTConfiguration(
    vocabulary: 30_522, width: 768, layers: 12, heads: 12, intermediate: 3072, positions: 512)
}

/// Feature pyramid, fused tower and predictors.
public struct HeadConfiguration: Codable, Sendable, Hashable {
  /// Channels of the pyramid and of the tower.
  public var channels: Int
  /// Blocks of the tower: DyHead blocks, each with its fusion and BERT layer where `fusion` is on.
  public var blocks: Int
  /// Deep fusion (paper, section 3.3). Without it the text is encoded once and meets the picture in the
  /// alignment scores alone, as in GLIP-T (A).
  public var fusion: Bool
  /// Heads of the bi-directional attention.
  public var fusionHeads: Int
  /// Width of all heads of the bi-directional attention together.
  public var fusionWidth: Int
  /// Groups of the tower's group normalisation.
  public var groups: Int
  /// Outputs of the plain classifier that released checkpoints carry and nothing reads.
  public var classes: Int

  public init(
    channels: Int = 256, blocks: Int, fusion: Bool, fusionHeads: Int = 8, fusionWidth: Int = 2048,
    groups: Int = 16, classes: Int = 80
  ) {
    self.channels = channels
    self.blocks = blocks
    self.fusion = fusion
    self.fusionHeads = fusionHeads
    self.fusionWidth = fusionWidth
    self.groups = groups
    self.classes = classes
  }
}
