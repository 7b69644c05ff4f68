/// The networks of the paper, by the names they are published under.
public enum Preset: String, Codable, Sendable, CaseIterable {
  /// Swin-T, no deep fusion, trained on detection data alone.
  case glipTA = "glip-t-a"
  /// Swin-T with deep fusion, trained on detection data alone.
  case glipTB = "glip-t-b"
  /// As (B), trained on detection and grounding data.
  case glipTC = "glip-t-c"
  /// As (C), self-trained on captions as well.
  case glipT = "glip-t"
  /// Swin-L, eight blocks.
  case glipL = "glip-l"

  public var configuration: GLIPConfiguration {
    switch self {
    case .glipTA: Self.tiny(fusion: false)
    case .glipTB, .glipTC, .glipT: Self.tiny(fusion: true)
    case .glipL:
      GLIPConfiguration(
        swin: SwinConfiguration(
          channels: 192, depths: [2, 2, 18, 2], heads: [6, 12, 24, 48], window: 12, dropPath: 0.4),
        bert: .baseUncased, head: HeadConfiguration(blocks: 8, fusion: true))
    }
  }

  private static func tiny(fusion: Bool) -> GLIPConfiguration {
    GLIPConfiguration(
      swin: SwinConfiguration(channels: 96, depths: [2, 2, 6, 2], heads: [3, 6, 12, 24], window: 7),
      bert: .baseUncased, head: HeadConfiguration(blocks: 6, fusion: fusion))
  }
}
