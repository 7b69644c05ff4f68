import Torch

/// Pictures and prompts that pass the network together, and what they should give.
public struct Batch: Sendable {
  /// [B, 3, H, W] float32, normalised, channels last in memory; H and W are multiples of 32, zero beyond a picture.
  public var pixels: Tensor
  /// Sizes of the resized pictures without padding.
  public var sizes: [Record.Size]
  /// Token ids of each prompt, `[CLS]` and `[SEP]` included, without padding.
  public var prompts: [[Int32]]
  public var targets: [PictureTargets]
  /// Ids of the records, for messages.
  public var ids: [String]

  public init(
    pixels: Tensor, sizes: [Record.Size], prompts: [[Int32]], targets: [PictureTargets], ids: [String]
  ) {
    (self.pixels, self.sizes, self.prompts, self.targets, self.ids) = (pixels, sizes, prompts, targets, ids)
  }
}
