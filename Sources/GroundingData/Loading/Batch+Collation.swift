import GLIP
import Torch

extension Batch {
  /// Puts samples together: pixels normalised and padded to the largest picture, prompts cut to the length
  /// that the network takes.
  ///
  /// - Throws: `DetectorError.tooManyPixels`, `TorchError`.
  public init(_ samples: [Sample], tokenizer: WordPieceTokenizer, maximumTokens: Int = 256) throws {
    let tokens = samples.map { tokenizer.tokenize($0.caption, maximumCount: maximumTokens) }
    self.init(
      pixels: try Preprocessing.pixels(of: samples.map(\.picture)),
      sizes: samples.map { Record.Size(width: $0.picture.width, height: $0.picture.height) },
      prompts: tokens.map(\.ids), targets: zip(samples, tokens).map { $0.targets($1) },
      ids: samples.map(\.id))
  }
}
