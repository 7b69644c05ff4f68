/// Everything that distinguishes one GLIP network from another: sizes, depths and whether text and picture meet
/// before the last layer. What all of them share is written where it is used.
public struct GLIPConfiguration: Codable, Sendable, Hashable {
  public var swin: SwinConfiguration
  public var bert: BERTConfiguration
  public var head: HeadConfiguration
  /// The size at which the network sees pictures unless another is asked for: that of its training.
  public var resize: ResizeRule

  public init(
    swin: SwinConfiguration, bert: BERTConfiguration, head: HeadConfiguration,
    resize: ResizeRule = ResizeRule()
  ) {
    self.swin = swin
    self.bert = bert
    self.head = head
    self.resize = resize
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
  /// In training, how often the last block's updates are dropped; it grows linearly from 0 at the first block.
  public var dropPath: Double

  public init(channels: Int, depths: [Int], heads: [Int], window: Int, dropPath: Double = 0.2) {
    self.channels = channels
    self.depths = depths
    self.heads = heads
    self.window = window
    self.dropPath = dropPath
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
  /// In training, the share of attention probabilities and of each layer's updates that is dropped; that of the head's
  /// BERT layers too.
  public var dropout: Double

  public init(
    vocabulary: Int, width: Int, layers: Int, heads: Int, intermediate: Int, positions: Int,
    dropout: Double = 0.1
  ) {
    self.vocabulary = vocabulary
    self.width = width
    self.layers = layers
    self.heads = heads
    self.intermediate = intermediate
    self.positions = positions
    self.dropout = dropout
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
  /// Places of a prompt for which prompt tuning has learnt an offset; 0 in all released models.
  public var promptOffsets = 0
  /// In training, the share of the fusion's probabilities that is dropped.
  public var fusionDropout: Double
  /// In training, the share of the pyramid's finer maps that is dropped, in squares.
  public var dropBlock: Double

  public init(
    channels: Int = 256, blocks: Int, fusion: Bool, fusionHeads: Int = 8, fusionWidth: Int = 2048,
    groups: Int = 16, classes: Int = 80, fusionDropout: Double = 0.1, dropBlock: Double = 0.3
  ) {
    self.channels = channels
    self.blocks = blocks
    self.fusion = fusion
    self.fusionHeads = fusionHeads
    self.fusionWidth = fusionWidth
    self.groups = groups
    self.classes = classes
    self.fusionDropout = fusionDropout
    self.dropBlock = dropBlock
  }
}

// MARK: Reading

// Files describe networks as JSON. What training drops, and how large pictures are, came later than the rest: where a file
// does not say, it is as in the released models.

extension GLIPConfiguration {
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      swin: try values.decode(SwinConfiguration.self, forKey: .swin),
      bert: try values.decode(BERTConfiguration.self, forKey: .bert),
      head: try values.decode(HeadConfiguration.self, forKey: .head))
    resize = try values.decodeIfPresent(ResizeRule.self, forKey: .resize) ?? resize
  }
}

extension SwinConfiguration {
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      channels: try values.decode(Int.self, forKey: .channels),
      depths: try values.decode([Int].self, forKey: .depths),
      heads: try values.decode([Int].self, forKey: .heads),
      window: try values.decode(Int.self, forKey: .window))
    dropPath = try values.decodeIfPresent(Double.self, forKey: .dropPath) ?? dropPath
  }
}

extension BERTConfiguration {
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    func size(_ key: CodingKeys) throws -> Int { try values.decode(Int.self, forKey: key) }
    self.init(
      vocabulary: try size(.vocabulary), width: try size(.width), layers: try size(.layers),
      heads: try size(.heads), intermediate: try size(.intermediate), positions: try size(.positions))
    dropout = try values.decodeIfPresent(Double.self, forKey: .dropout) ?? dropout
  }
}

extension HeadConfiguration {
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    func size(_ key: CodingKeys) throws -> Int { try values.decode(Int.self, forKey: key) }
    self.init(
      channels: try size(.channels), blocks: try size(.blocks),
      fusion: try values.decode(Bool.self, forKey: .fusion), fusionHeads: try size(.fusionHeads),
      fusionWidth: try size(.fusionWidth), groups: try size(.groups), classes: try size(.classes))
    fusionDropout = try values.decodeIfPresent(Double.self, forKey: .fusionDropout) ?? fusionDropout
    dropBlock = try values.decodeIfPresent(Double.self, forKey: .dropBlock) ?? dropBlock
    promptOffsets = try values.decodeIfPresent(Int.self, forKey: .promptOffsets) ?? promptOffsets
  }
}
