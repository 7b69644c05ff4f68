import Foundation
import GLIP
import GroundingData
import GroundingTraining
import Testing
import Torch

/// Each term against its formula written out element by element, and against differences for its gradient.
struct LossTests {
  private func draws(_ shape: [Int], seed: UInt64) throws -> Tensor {
    try Tensor.randomNormal(shape, generator: Generator(seed: seed), dtype: .float64)
  }

  /// The gradient of a sum against central differences in every element.
  private func checkGradient(of x: Tensor, _ loss: (Tensor) throws -> Tensor) throws {
    let leaf = try x.clone().requiringGradient()
    try loss(leaf).backward()
    let gradient = try #require(leaf.gradient).elements(Double.self)
    let values = try x.elements(Double.self)
    let step = 1e-6
    for index in values.indices {
      func value(_ shift: Double) throws -> Double {
        var moved = values
        moved[index] += shift
        return try loss(Tensor(moved, shape: x.shape)).item()
      }
      let slope = try (value(step) - value(-step)) / (2 * step)
      #expect(abs(slope - gradient[index]) < 1e-5 * max(1, abs(slope)), "element \(index)")
    }
  }

  @Test func focalLossIsItsFormula() throws {
    let logits = try draws([2, 5, 3], seed: 1) * 6
    let targets = try (draws([2, 5, 3], seed: 2) > 0.5).to(.uint8)
    let valid = try Tensor([1.0, 1, 0, 1, 0, 0], shape: [2, 1, 3])
    func loss(_ x: Tensor) throws -> Tensor {
      try sigmoidFocalLoss(x, targets: targets, valid: valid, alpha: 0.25, gamma: 2)
    }
    let (x, t, v) = try (
      logits.elements(Double.self), targets.elements(UInt8.self), valid.elements(Double.self)
    )
    var expected = 0.0
    for index in x.indices {
      let p = 1 / (1 + exp(-x[index]))
      let (right, alpha) = t[index] == 1 ? (p, 0.25) : (1 - p, 0.75)
      expected -= v[index / 15 * 3 + index % 3] * alpha * (1 - right) * (1 - right) * log(right)
    }
    #expect(try abs(loss(logits).item() - expected) < 1e-9)
    try checkGradient(of: logits, loss)
  }

  @Test func extremeLogitsGiveFiniteLossAndGradient() throws {
    let logits = try Tensor([Float(-50_000), 50_000, -50_000, 50_000], shape: [1, 2, 2]).requiringGradient()
    let targets = try Tensor([UInt8(0), 0, 1, 1], shape: [1, 2, 2])
    let loss = try sigmoidFocalLoss(
      logits, targets: targets, valid: Tensor.full([1, 1, 2], 1), alpha: 0.25, gamma: 2)
    #expect(try abs(loss.item() - 50_000) < 1)
    try loss.backward()
    #expect(try #require(logits.gradient).elements(Float.self) == [0, 0.75, -0.25, 0])
  }

  @Test func generalizedIoUIsItsFormula() throws {
    let first = try draws([40, 2], seed: 3) * 20
    let size = try draws([40, 2], seed: 4).absolute() * 20 + 0.1
    let boxes = try Tensor.concatenated([first, first + size], dimension: 1)
    let others = try boxes.flipped([0])
    let found = try generalizedIoU(boxes, others).elements(Double.self)
    let (a, b) = try (boxes.elements(Double.self), others.elements(Double.self))
    for row in 0..<40 {
      let (a, b) = (Array(a[4 * row..<4 * row + 4]), Array(b[4 * row..<4 * row + 4]))
      let shared = max(0, min(a[2], b[2]) - max(a[0], b[0])) * max(0, min(a[3], b[3]) - max(a[1], b[1]))
      let union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared
      let hull = (max(a[2], b[2]) - min(a[0], b[0])) * (max(a[3], b[3]) - min(a[1], b[1]))
      #expect(abs(found[row] - (shared / union - (hull - union) / hull)) < 1e-6)
    }
    try checkGradient(of: boxes) { try generalizedIoU($0, others).sum() }
  }

  @Test func boxesSurviveBeingCoded() throws {
    let anchors = try Tensor([0.0, 0, 63, 63, 100, 40, 227, 167], shape: [2, 4])
    let boxes = try Tensor([5.0, -3, 80, 44, 90, 50, 100, 300], shape: [2, 4])
    let deltas = try BoxCoder.encode(boxes, anchors: anchors)
    #expect(try BoxCoder.decode(deltas, anchors: anchors).error(from: boxes) < 1e-12)
    let single = BoxCoder.decode(
      SIMD4(try deltas.to(.float32).elements(Float.self).prefix(4)), anchor: (0, 0, 63, 63))
    #expect(abs(single.x - 5) < 1e-4 && abs(single.w - 44) < 1e-4)
    try checkGradient(of: deltas) { try BoxCoder.decode($0, anchors: anchors).sum() }
    let huge = try BoxCoder.decode(
      Tensor([0.0, 0, 1e9, 0], shape: [1, 4]), anchors: anchors.sliced(0, 0..<1))
    #expect(try abs(huge.elements(Double.self)[2] - 0.5 * (4000 - 1) - 31.5) < 1e-3)
  }

  @Test func contrastiveLossIsTwoCrossEntropies() throws {
    let logits = try draws([2, 4, 3], seed: 5) * 3
    let valid = try Tensor([1.0, 1, 1, 1, 1, 0], shape: [2, 1, 3])
    let matches = try (draws([2, 4, 3], seed: 6) > 0.3).to(.float64) * valid
    func loss(_ x: Tensor) throws -> Tensor { try contrastiveLoss(x, matches: matches, valid: valid) }
    let (x, m) = try (logits.elements(Double.self), matches.elements(Double.self))
    var expected = 0.0
    for picture in 0..<2 {
      let words = picture == 0 ? 3 : 2
      func at(_ region: Int, _ word: Int) -> Int { (picture * 4 + region) * 3 + word }
      let questions =
        (0..<4).map { region in (0..<words).map { at(region, $0) } }
        + (0..<words).map { word in (0..<4).map { at($0, word) } }
      for places in questions {
        let right = places.filter { m[$0] == 1 }
        guard !right.isEmpty else { continue }
        let all = log(places.map { exp(x[$0]) }.reduce(0, +))
        expected += (all - right.map { x[$0] }.reduce(0, +) / Double(right.count)) / 2
      }
    }
    #expect(try abs(loss(logits).item() - expected) < 1e-9)
    try checkGradient(of: logits, loss)
  }

  @Test func termsAreDividedByTheMeansOfAllProcesses() throws {
    let batch = try Batch.small()
    let (model, _) = try Networks.trainable(Networks.tiny)
    let predictions = try model(batch.pixels, prompts: batch.prompts).predictions
    func terms(_ averaging: @escaping GroundingLoss.Averaging) throws -> LossTerms {
      try GroundingLoss(averaging: averaging)(predictions, AssignedTargets(batch))
    }
    let (alone, shared) = try (terms { $0 }, terms { $0.map { 2 * $0 } })
    for (alone, shared) in zip(alone.named, shared.named) {
      #expect(try abs(alone.value.item() / shared.value.item() - 2) < 1e-5, "\(alone.name)")
    }
    #expect(try abs(alone.total.item() - alone.named.map { try $0.value.item() }.reduce(0, +)) < 1e-5)
  }
}
