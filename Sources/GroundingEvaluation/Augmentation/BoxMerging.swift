import Foundation
import GLIP
import Pictures

/// How boxes of one label that overlap are made one, or fewer.
public struct BoxMerging: Sendable, Hashable {
  public enum Method: Sendable, Hashable {
    /// Of boxes that overlap the best one remains.
    case suppression
    /// A box loses score for each better one that it overlaps by more than the limit: what remains is the share that
    /// they do not have in common (soft-NMS; Bodla et al., ICCV 2017).
    case linearDecay
    /// A box loses score for each better one, by the factor exp(-overlap² / sigma); there is no limit.
    case gaussianDecay(sigma: Double)
    /// The best box and all that overlap it vote for one: their mean, weighted by their scores, with the best score.
    case voting

    /// Whether boxes remain that another method would take away.
    public var isSoft: Bool {
      switch self {
      case .linearDecay, .gaussianDecay: true
      case .suppression, .voting: false
      }
    }
  }

  public var method: Method
  /// The limit, as a share of the union.
  public var overlap: Double
  /// A box whose score has fallen below this is dropped; for methods that lower scores.
  public var leastScore: Double

  public init(_ method: Method = .suppression, overlap: Double = 0.6, leastScore: Double = 0.001) {
    (self.method, self.overlap, self.leastScore) = (method, overlap, leastScore)
  }

  /// - Throws: `EvaluationError` for numbers that make no sense.
  public func validate() throws {
    func require(_ condition: Bool, _ name: String, _ value: Double, _ expected: String) throws {
      guard condition else {
        throw EvaluationError(.invalidParameters, "the \(name) is \(value); it must be \(expected)")
      }
    }
    try require((0...1).contains(overlap), "overlap of merged boxes", overlap, "from 0 to 1")
    try require((0...1).contains(leastScore), "least score of merged boxes", leastScore, "from 0 to 1")
    if case .gaussianDecay(let sigma) = method {
      try require(sigma > 0 && sigma.isFinite, "sigma of soft suppression", sigma, "above 0")
    }
  }

  /// The detections that remain, best first. Labels do not compete.
  public func merged(_ detections: [Detection]) -> [Detection] {
    Dictionary(grouping: detections, by: \.labelIndex).sorted { $0.key < $1.key }
      .flatMap { mergedOfLabel($0.value) }
      .sorted { $0.score > $1.score }
  }

  private func mergedOfLabel(_ detections: [Detection]) -> [Detection] {
    let ranked = detections.sorted { $0.score > $1.score }
    return switch method {
    case .suppression: suppressed(ranked)
    case .voting: voted(ranked)
    case .linearDecay: decayed(ranked) { $0 > overlap ? 1 - $0 : 1 }
    case .gaussianDecay(let sigma): decayed(ranked) { exp(-$0 * $0 / sigma) }
    }
  }

  private func suppressed(_ ranked: [Detection]) -> [Detection] {
    var kept: [Detection] = []
    for detection in ranked where !kept.contains(where: { $0.box.share(with: detection.box) > overlap }) {
      kept.append(detection)
    }
    return kept
  }

  private func voted(_ ranked: [Detection]) -> [Detection] {
    var result: [Detection] = []
    var rest = ranked[...]
    while var best = rest.popFirst() {
      // As in the authors' code the limit itself counts here, but not with suppression.
      let voters = rest.filter { $0.box.share(with: best.box) >= overlap }
      rest.removeAll { $0.box.share(with: best.box) >= overlap }
      best.box = .mean(([best] + voters).map { ($0.box, $0.score) })
      result.append(best)
    }
    return result
  }

  /// - Parameter factor: what a score is multiplied by for an overlap with a better box.
  private func decayed(_ ranked: [Detection], factor: (Double) -> Double) -> [Detection] {
    var result: [Detection] = []
    var rest = ranked
    while let index = rest.indices.max(by: { rest[$0].score < rest[$1].score }) {
      let best = rest[index]
      rest.swapAt(index, rest.count - 1)
      rest.removeLast()
      result.append(best)
      for index in rest.indices { rest[index].score *= factor(best.box.share(with: rest[index].box)) }
      rest.removeAll { $0.score < leastScore }
    }
    return result
  }
}

extension PixelBox {
  /// Intersection over union, sides counted inclusively as everywhere in the network's own code.
  func share(with other: PixelBox) -> Double {
    let width = max(min(x1, other.x1) - max(x0, other.x0) + 1, 0)
    let height = max(min(y1, other.y1) - max(y0, other.y0) + 1, 0)
    let common = width * height
    return common / (inclusiveArea + other.inclusiveArea - common)
  }

  var inclusiveArea: Double { (x1 - x0 + 1) * (y1 - y0 + 1) }

  /// - Parameter boxes: at least one.
  fileprivate static func mean(_ boxes: [(box: PixelBox, weight: Double)]) -> PixelBox {
    let sum = boxes.reduce(0) { $0 + $1.weight }
    guard boxes.count > 1, sum > 0 else { return boxes[0].box }
    func mean(_ side: (PixelBox) -> Double) -> Double {
      boxes.reduce(0) { $0 + side($1.box) * $1.weight } / sum
    }
    return PixelBox(x0: mean(\.x0), y0: mean(\.y0), x1: mean(\.x1), y1: mean(\.y1))
  }
}

extension BoxMerging: CustomStringConvertible {
  public var description: String {
    switch method {
    case .suppression: "suppressed at \(overlap)"
    case .voting: "voted at \(overlap)"
    case .linearDecay: "linear decay at \(overlap), above \(leastScore)"
    case .gaussianDecay(let sigma): "Gaussian decay of \(sigma), above \(leastScore)"
    }
  }
}
