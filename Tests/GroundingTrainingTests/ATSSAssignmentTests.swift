import GLIP
import GroundingData
import GroundingTraining
import Testing
import Torch

struct ATSSAssignmentTests {
  @Test(arguments: 0..<12)
  func itAgreesWithAnImplementationThatLooksAtEveryAnchor(seed: Int) throws {
    var random = SplitMix(state: UInt64(seed))
    let sizes = [(800, 1344), (224, 320), (32, 32), (64, 1024), (640, 96)]
    let (height, width) = sizes[seed % sizes.count]
    let levels = PyramidLevels.Shape.pyramid(height: height, width: width)
    let anchors = Anchors.boxes(levels)
    let boxes = (0..<[0, 1, 7, 60][seed % 4]).map { _ in Self.box(height, width, using: &random) }
    let assignment = ATSSAssignment(boxes, levels: levels, anchors: anchors)
    #expect(assignment.boxes == Self.naive(boxes, levels: levels, anchors: anchors))
    if boxes.count > 5 { #expect(assignment.boxes.contains { $0 != nil }) }
  }

  @Test func boxesOutsideThePictureAndWithoutAreaAreHarmless() throws {
    let levels = PyramidLevels.Shape.pyramid(height: 64, width: 64)
    let anchors = Anchors.boxes(levels)
    let boxes: [SIMD4<Float>] = [
      SIMD4(-1e30, -1e30, -1e29, -1e29), SIMD4(10, 10, 10, 10), SIMD4(50, 50, 20, 20),
    ]
    let assignment = ATSSAssignment(boxes, levels: levels, anchors: anchors)
    #expect(assignment.boxes.allSatisfy { $0 == nil })
  }

  /// A box whose centre is no multiple of anything, so that no two anchors are equally near.
  private static func box(
    _ height: Int, _ width: Int, using random: inout SplitMix
  ) -> SIMD4<Float> {
    let (w, h) = (Float(width), Float(height))
    let size = Float.random(in: 0.01...0.9, using: &random)
    let center = SIMD2(Float.random(in: 0...w, using: &random), Float.random(in: 0...h, using: &random))
    let reach = SIMD2(w, h) * size / 2
    return SIMD4(center.x - reach.x, center.y - reach.y, center.x + reach.x, center.y + reach.y)
  }

  /// The rule as the paper's algorithm 1 has it: all distances, all overlaps, whole tables.
  private static func naive(
    _ boxes: [SIMD4<Float>], levels: [PyramidLevels.Shape], anchors: [SIMD4<Float>]
  ) -> [Int?] {
    var table = boxes.map { box in anchors.map { _ in -Float.infinity } }
    for (index, box) in boxes.enumerated() {
      var candidates: [Int] = []
      var first = 0
      for level in levels {
        let nearest = (first..<first + level.positions).sorted {
          let (one, other) = (anchors[$0].center - box.center, anchors[$1].center - box.center)
          return (one * one).sum() < (other * other).sum()
        }
        candidates += nearest.prefix(9)
        first += level.positions
      }
      let overlaps = candidates.map { Double(anchors[$0].overlap(with: box)) }
      let mean = overlaps.reduce(0, +) / Double(overlaps.count)
      let variance = overlaps.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Double(overlaps.count - 1)
      for anchor in candidates {
        let (overlap, center) = (anchors[anchor].overlap(with: box), anchors[anchor].center)
        let inside = [center.x - box.x, center.y - box.y, box.z - center.x, box.w - center.y]
        if Double(overlap) >= mean + variance.squareRoot(), inside.allSatisfy({ $0 > 0.01 }) {
          table[index][anchor] = overlap
        }
      }
    }
    return anchors.indices.map { anchor in
      let best = boxes.indices.max { table[$0][anchor] < table[$1][anchor] }
      return best.flatMap { table[$0][anchor] > -.infinity ? $0 : nil }
    }
  }
}

struct AssignedTargetsTests {
  private let levels = PyramidLevels.Shape.pyramid(height: 64, width: 96)

  @Test func aPictureWithoutBoxesIsBackground() throws {
    let assigned = try AssignedTargets(
      [PictureTargets(boxes: [], tokens: [])], levels: levels, tokenCounts: [5], length: 6)
    #expect(assigned.positiveCount == 0 && assigned.positions.shape == [0] && assigned.boxes.shape == [0, 4])
    #expect(try assigned.tokens.to(.float32).sum().item() == 0)
    #expect(try assigned.valid.elements(Float.self) == [1, 1, 1, 1, 1, 0])
  }

  @Test func onlyAFullPromptHasAColumnForTheBackground() throws {
    let box = CornerBox(x0: 10, y0: 10, x1: 60, y1: 60)
    let target = PictureTargets(boxes: [box], tokens: [[1..<3]])
    let assigned = try AssignedTargets(
      [target, target], levels: levels, tokenCounts: [255, 256], length: 256)
    let marks = try assigned.tokens.selected(2, 255).to(.float32).sum([1]).elements(Float.self)
    let anchors = assigned.tokens.size(1)
    #expect(marks == [0, Float(anchors - assigned.positiveCount / 2)])
    #expect(try assigned.tokens.selected(2, 2).to(.float32).sum().item() == Double(assigned.positiveCount))
  }

  @Test func targetsThatMakeNoSenseAreRefusedBySentence() throws {
    func message(_ target: PictureTargets) -> String {
      do {
        _ = try AssignedTargets([target], levels: levels, tokenCounts: [5], length: 8)
        return ""
      } catch { return "\(error)" }
    }
    let box = CornerBox(x0: 1, y0: 1, x1: 9, y1: 9)
    var broken = box
    broken.y1 = .nan
    #expect(message(PictureTargets(boxes: [broken], tokens: [[1..<2]])).contains("no finite number"))
    #expect(message(PictureTargets(boxes: [box], tokens: [[4..<6]])).contains("beyond the prompt's 5"))
    #expect(message(PictureTargets(boxes: [box], tokens: [])).contains("1 boxes, but tokens for 0"))
    #expect(message(PictureTargets(boxes: [box], tokens: [[]])).isEmpty)
  }
}
