import Foundation
import GLIP
import GroundingData
import Torch

/// What every anchor and word of a batch should give; N anchors of all levels, P of them positive, T tokens.
package struct AssignedTargets: Sendable {
  /// The positive anchors, picture · N + anchor, int64 [P].
  package let positions: Tensor
  /// Of the positive anchors: themselves and their boxes, float32 [P, 4] as x0, y0, x1, y1.
  package let anchors, boxes: Tensor
  /// Of the positive anchors' centres in their boxes, float32 [P].
  package let centerness: Tensor
  /// 1 where an anchor stands for what a token names, else 0, uint8 [B, N, T].
  package let tokens: Tensor
  /// 1 at tokens of the prompt and 0 beyond, float32 [B, 1, T].
  package let valid: Tensor

  /// Positive anchors, and the sum of `centerness`: what losses are divided by.
  package let positiveCount: Int
  package let centernessSum: Double

  /// Tokens of the longest prompt that the released models know.
  private static let fullPrompt = 256

  /// Assigns anchors and lays their targets out. A picture without boxes is background throughout.
  ///
  /// - Parameters:
  ///   - targets: of each picture
  ///   - levels: shapes of P3…P7
  ///   - tokenCounts: lengths of the prompts
  ///   - length: tokens that the network was given, padding included
  /// - Throws: `TargetError` naming the picture whose targets make no sense.
  package init(
    _ targets: [PictureTargets], levels: [PyramidLevels.Shape], tokenCounts: [Int], length: Int,
    device: Device = .cpu
  ) throws {
    let all = Anchors.boxes(levels)
    var positions: [Int64] = []
    var anchors: [SIMD4<Float>] = []
    var boxes: [SIMD4<Float>] = []
    var tokens = [UInt8](repeating: 0, count: targets.count * all.count * length)
    for (picture, (target, tokenCount)) in zip(targets, tokenCounts).enumerated() {
      let corners = try target.corners(picture: picture, tokenCount: min(tokenCount, length))
      let assignment = ATSSAssignment(corners, levels: levels, anchors: all)
      for (anchor, box) in assignment.boxes.enumerated() {
        let row = (picture * all.count + anchor) * length
        if let box {
          positions.append(Int64(picture * all.count + anchor))
          anchors.append(all[anchor])
          boxes.append(corners[box])
          for token in target.tokens[box].joined() { tokens[row + token] = 1 }
        } else if tokenCount >= Self.fullPrompt, length >= Self.fullPrompt {
          // The authors mark the background in the last of 256 columns. It counts only if a token stands there.
          tokens[row + Self.fullPrompt - 1] = 1
        }
      }
    }
    let centerness = zip(anchors, boxes).map { $1.centerness(at: $0.center) }
    let valid = tokenCounts.flatMap { count in (0..<length).map { $0 < count ? Float(1) : 0 } }

    func rows(_ boxes: [SIMD4<Float>]) throws -> Tensor {
      try Tensor(boxes.flatMap { [$0.x, $0.y, $0.z, $0.w] }, shape: [boxes.count, 4]).to(device: device)
    }
    self.positions = try Tensor(positions).to(device: device)
    self.anchors = try rows(anchors)
    self.boxes = try rows(boxes)
    self.centerness = try Tensor(centerness).to(device: device)
    self.tokens = try Tensor(tokens, shape: [targets.count, all.count, length]).to(device: device)
    self.valid = try Tensor(valid, shape: [targets.count, 1, length]).to(device: device)
    positiveCount = positions.count
    centernessSum = centerness.reduce(0) { $0 + Double($1) }
  }
}

extension AssignedTargets {
  /// - Parameters:
  ///   - length: tokens that the network was given, padding included; nil for those of the longest prompt
  /// - Throws: `TargetError`
  package init(_ batch: Batch, length: Int? = nil, device: Device = .cpu) throws {
    let counts = batch.prompts.map(\.count)
    try self.init(
      batch.targets,
      levels: PyramidLevels.Shape.pyramid(height: batch.pixels.size(2), width: batch.pixels.size(3)),
      tokenCounts: counts, length: length ?? counts.max() ?? 0, device: device)
  }
}

extension PictureTargets {
  /// The boxes, once they and their tokens are known to be usable.
  fileprivate func corners(picture: Int, tokenCount: Int) throws -> [SIMD4<Float>] {
    guard tokens.count == boxes.count else {
      throw TargetError.uneven(picture: picture, boxes: boxes.count, tokens: tokens.count)
    }
    return try zip(boxes, tokens).enumerated().map { index, target in
      let (box, tokens) = target
      let corners = SIMD4(Float(box.x0), Float(box.y0), Float(box.x1), Float(box.y1))
      guard [corners.x, corners.y, corners.z, corners.w].allSatisfy(\.isFinite) else {
        throw TargetError.notFinite(picture: picture, box: index)
      }
      guard tokens.allSatisfy({ $0.lowerBound >= 0 && $0.upperBound <= tokenCount }) else {
        throw TargetError.outsidePrompt(picture: picture, box: index, tokenCount: tokenCount)
      }
      return corners
    }
  }
}

/// Why a batch has no targets. Pictures and boxes are counted from 0 within the batch.
public enum TargetError: Error, CustomStringConvertible, LocalizedError, Sendable {
  case uneven(picture: Int, boxes: Int, tokens: Int)
  case notFinite(picture: Int, box: Int)
  case outsidePrompt(picture: Int, box: Int, tokenCount: Int)

  public var description: String {
    switch self {
    case .uneven(let picture, let boxes, let tokens):
      "Picture \(picture) of the batch has \(boxes) boxes, but tokens for \(tokens)."
    case .notFinite(let picture, let box):
      "Box \(box) of picture \(picture) of the batch has a corner that is no finite number."
    case .outsidePrompt(let picture, let box, let tokenCount):
      "Box \(box) of picture \(picture) of the batch is tied to tokens beyond the prompt's \(tokenCount)."
    }
  }

  public var errorDescription: String? { description }
}
