import Foundation
import GLIP
import GroundingData
import Torch

/// What a picture encoder learns first where no trained one is at hand: to name the objects that are cut out of pictures.
///
/// The authors begin with encoders that can tell ImageNet's classes apart. Here the classes are the names of a detection
/// data set, and what a name is like is up to the text encoder, which stays as it is: the mean of the encoder's map over an
/// object, projected, is to point the same way as the mean of the name's words (softmax over all names). So names that
/// mean alike share what is learnt. Documentation/training.md, "A picture encoder from nothing".
struct ObjectNaming: Sendable {
  /// Unit vectors of the names, [names, L].
  let names: Tensor
  /// Of the cut-outs, in pixels.
  let side: Int
  /// Of the maps with strides 16 and 32, channels to L.
  private let projections: [Linear]
  /// Logarithm of what cosines are multiplied by, [1].
  private let logScale: Tensor

  /// Paths of the parameters that are not the network's.
  static let path = "naming"

  /// - Parameters:
  ///   - scope: the root of the network's parameters
  ///   - names: what `encoded` gave
  ///   - side: of the cut-outs, in pixels
  init(_ scope: Scope, _ network: GLIPConfiguration, names: Tensor, side: Int) throws {
    (self.names, self.side) = (names, side)
    let naming = scope / Self.path
    projections = try [2, 3].map { stage in
      try Linear(
        naming / "projection\(stage)", inputs: network.swin.channels << stage, outputs: network.bert.width)
    }
    logScale = try naming.parameter("log_scale", [1], .constant(log(14)))
  }

  /// What the text encoder makes of names, less what it makes of all: unit vectors, [names, L].
  static func encoded(_ names: [String], by model: GLIPModel, device: Device) throws -> Tensor {
    let tokenizer = try WordPieceTokenizer.bertUncased()
    let ids = names.map { tokenizer.tokenize(ClassPrompt.cleaned($0), maximumCount: 64).ids }
    return try withoutGradient {
      let rows = try stride(from: 0, to: ids.count, by: 64).map { start in
        let part = Array(ids[start..<min(start + 64, ids.count)])
        let prompts = try PaddedPrompts(part, device: device)
        let words = try model.encode(prompts: prompts.ids, padding: prompts.padding).to(.float32)
        let isWord = try Tensor(
          part.flatMap { ids in (0..<words.size(1)).map { $0 < ids.count ? Float(1) : 0 } },
          shape: [part.count, words.size(1), 1]
        ).to(device: device)
        return try (words * isWord).sum([1])
      }
      let all = try unit(Tensor.concatenated(rows, dimension: 0))
      // What all names have in common tells nothing, and there is much of it.
      return try unit(all - all.mean([0], keepingRank: true))
    }
  }

  /// How well the objects of a batch are named.
  struct Result {
    /// The mean cross-entropy, a single float32; 0 where there is no object.
    var loss: Tensor
    /// Objects that are named right at stride 32, and all.
    var rightCount: Int
    var count: Int
  }

  /// - Parameter generator: moves and widens the cut-outs; nil for the same ones always
  func callAsFunction(
    _ batch: Batch, by model: GLIPModel, device: Device, using generator: inout SeededGenerator?
  ) throws -> Result {
    let cutOuts = try CutOuts(batch, side: side, using: &generator)
    let count = cutOuts.classes.count
    let answers = try Tensor(count == 0 ? [0] : cutOuts.classes.map(Int64.init)).to(device: device)
    let maps = try model.maps(of: cutOuts.mosaics.to(device: device)).suffix(projections.count)
    let logits = try zip(maps, projections).map { map, projection in
      let objects = try cutOuts.averages(of: map.to(.float32))
      return try Self.unit(projection(objects).to(.float32)).matmul(names.transposed(0, 1))
        * logScale.exponential().clamped(min: 1, max: 100)
    }
    let losses = try logits.map { try $0.crossEntropy(answers) }
    let rightCount = try withoutGradient {
      let last = logits[logits.count - 1]
      let own = try last.gathered(answers.reshaped(-1, 1), dimension: 1)
      return Int(try (own - last.maximum([1], keepingRank: true) >= 0).to(.float32).sum().item())
    }
    let weight = count == 0 ? 0 : 1 / Double(losses.count)
    return Result(
      loss: try losses.dropFirst().reduce(losses[0]) { try $0 + $1 } * weight,
      rightCount: count == 0 ? 0 : rightCount, count: count)
  }

  private static func unit(_ x: Tensor) throws -> Tensor {
    try x / x.norm(-1, keepingRank: true).clamped(min: 1e-12)
  }
}
