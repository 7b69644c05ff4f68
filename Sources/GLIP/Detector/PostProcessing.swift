import Foundation
import Torch

/// A box that the network is sure enough of, in pixels of the resized picture.
package struct Candidate: Sendable {
  /// Position of the phrase in the encoded prompt.
  package let phrase: Int
  /// Boxes of one label are in competition, whichever of its phrases (synonyms) found them.
  package let label: Int
  package let score: Float
  /// x0, y0, x1, y1
  package let box: SIMD4<Float>

  package init(phrase: Int, label: Int, score: Float, box: SIMD4<Float>) {
    self.phrase = phrase
    self.label = label
    self.score = score
    self.box = box
  }
}

/// From raw predictions to detections (ATSS's inference with token scores in place of class scores).
package enum PostProcessing {
  /// - Parameters:
  ///   - predictions: of one picture, levels P3…P7, batch size one, float32 on the CPU
  ///   - phrases: of the prompt
  ///   - rowLengths: positions in a row of each level
  ///   - width: of the resized picture without padding
  ///   - height: likewise
  /// - Returns: sorted by score, best first; at most `options.maximumDetectionsPerText`.
  package static func candidates(
    _ predictions: [LevelPrediction], phrases: [EncodedPhrase], rowLengths: [Int], width: Int, height: Int,
    options: DetectionOptions
  ) throws -> [Candidate] {
    let limit = SIMD4(Float(width - 1), Float(height - 1), Float(width - 1), Float(height - 1))
    var all: [Candidate] = []
    for (level, prediction) in predictions.enumerated() {
      let scores = try phraseScores(prediction.logits, phrases: phrases)
      Trace.record("cls_scores_l\(level)", scores)
      all += try select(
        scores.elements(), phrases: phrases,
        centerness: prediction.centerness.sigmoid().elements(),
        deltas: prediction.boxes.elements(), level: level, rowLength: rowLengths[level],
        limit: limit, options: options)
    }
    let kept = Array(
      suppress(all, threshold: Float(options.overlap))
        .prefix(options.maximumDetectionsPerText ?? options.maximumDetections))
    try Trace.record(
      "det_boxes_resized",
      Tensor(kept.flatMap { [$0.box.x, $0.box.y, $0.box.z, $0.box.w] }, shape: [kept.count, 4]))
    try Trace.record("det_scores", Tensor(kept.map(\.score)))
    try Trace.record("det_labels", Tensor(kept.map { Int64($0.label + 1) }))
    return kept
  }

  /// Means of the token probabilities of every phrase: [h·w, phrases] float32.
  static func phraseScores(_ logits: Tensor, phrases: [EncodedPhrase]) throws -> Tensor {
    let tokens = logits.size(2)
    var weights = [Float](repeating: 0, count: tokens * phrases.count)
    for (column, phrase) in phrases.enumerated() {
      for token in phrase.tokens { weights[token * phrases.count + column] = 1 / Float(phrase.tokens.count) }
    }
    let average = try Tensor(weights, shape: [tokens, phrases.count])
    return try logits.selected(0, 0).sigmoid().matmul(average)
  }

  /// The best pairs of position and phrase of one level, clipped to the picture.
  private static func select(
    _ scores: [Float], phrases: [EncodedPhrase], centerness: [Float], deltas: [Float], level: Int,
    rowLength: Int, limit: SIMD4<Float>, options: DetectionOptions
  ) throws -> [Candidate] {
    // The threshold is on the score alone; ranking is by its product with centerness.
    let threshold = Float(options.candidateThreshold)
    var chosen = scores.indices.filter { scores[$0] > threshold }
    var ranks = chosen.map { scores[$0] * centerness[$0 / phrases.count] }
    if chosen.count > options.candidatesPerLevel {
      let best = try Tensor(ranks).largest(options.candidatesPerLevel).indices.elements(Int64.self)
      (chosen, ranks) = (best.map { chosen[Int($0)] }, best.map { ranks[Int($0)] })
    }
    let cell = Anchors.cell(level: level)
    let stride = Float(Anchors.strides[level])
    return zip(chosen, ranks).map { index, rank in
      let (position, phrase) = index.quotientAndRemainder(dividingBy: phrases.count)
      let (x, y) = (Float(position % rowLength) * stride, Float(position / rowLength) * stride)
      let box = BoxCoder.decode(
        SIMD4(
          deltas[4 * position], deltas[4 * position + 1], deltas[4 * position + 2], deltas[4 * position + 3]),
        anchor: (cell.0 + x, cell.1 + y, cell.2 + x, cell.3 + y))
      return Candidate(
        phrase: phrase, label: phrases[phrase].label, score: rank.squareRoot(),
        box: box.clamped(lowerBound: .zero, upperBound: limit))
    }
  }

  /// Greedy suppression among boxes of one label: a box goes if it overlaps a better one by more than
  /// `threshold` of their union. Sides are counted inclusively, as in the box coder.
  package static func suppress(_ candidates: [Candidate], threshold: Float) -> [Candidate] {
    var kept: [Int: [SIMD4<Float>]] = [:]
    return candidates.sorted { $0.score > $1.score }.filter { candidate in
      let box = candidate.box
      for other in kept[candidate.label, default: []] where overlap(box, other) > threshold { return false }
      kept[candidate.label, default: []].append(box)
      return true
    }
  }

  /// Intersection over union of two boxes with inclusive corners.
  package static func overlap(_ a: SIMD4<Float>, _ b: SIMD4<Float>) -> Float {
    let width = max(min(a.z, b.z) - max(a.x, b.x) + 1, 0)
    let height = max(min(a.w, b.w) - max(a.y, b.y) + 1, 0)
    let shared = width * height
    let area = (a.z - a.x + 1) * (a.w - a.y + 1) + (b.z - b.x + 1) * (b.w - b.y + 1)
    return shared / (area - shared)
  }
}
