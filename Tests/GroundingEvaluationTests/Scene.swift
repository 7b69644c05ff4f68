import GroundingEvaluation

/// Generated ground truth, and detections to hold against it.
struct Scene {
  var groundTruth: GroundTruth
  /// One for each object: exactly its box, with falling scores.
  let perfect: [DetectedBox]

  /// Objects on a grid, so that none overlaps another.
  init(images: Int = 7, classes: Int = 3, seed: UInt64 = 1) throws {
    var generator = SplitMix(state: seed)
    var boxes: [GroundTruthBox] = []
    for image in 0..<images where image % 4 != 3 {
      for cell in 0..<Int.random(in: 1...9, using: &generator) {
        let side = Double.random(in: 10...110, using: &generator)
        boxes.append(
          GroundTruthBox(
            imageIndex: image, classIndex: Int.random(in: 0..<classes, using: &generator),
            rectangle: Rectangle(
              x: Double(cell % 3) * 130, y: Double(cell / 3) * 130, width: side, height: side * 0.9)))
      }
    }
    groundTruth = try GroundTruth(
      images: (0..<images).map { GroundTruth.Image(id: 10 * $0 + 5) },
      classes: (0..<classes).map {
        GroundTruth.Class(
          id: 3 * $0 + 1, name: "class \($0)", frequency: [.rare, .common, .frequent][$0 % 3])
      }, boxes: boxes)
    perfect = boxes.enumerated().map { index, box in
      DetectedBox(
        imageIndex: box.imageIndex, classIndex: box.classIndex, rectangle: box.rectangle,
        score: 1 - Double(index) / 1000)
    }
  }

  /// Moved, doubled, missing and invented boxes, with scores that all differ.
  func imperfect(seed: UInt64 = 2) -> [DetectedBox] {
    var generator = SplitMix(state: seed)
    var found: [DetectedBox] = []
    for box in perfect {
      for _ in 0..<Int.random(in: 0...2, using: &generator) {
        var moved = box
        let shift = Double.random(in: -0.3...0.3, using: &generator) * box.rectangle.width
        moved.rectangle.x += shift
        moved.rectangle.height += shift / 2
        moved.score = Double.random(in: 0...1, using: &generator)
        found.append(moved)
      }
      if Bool.random(using: &generator) {
        found.append(
          DetectedBox(
            imageIndex: box.imageIndex,
            classIndex: Int.random(in: 0..<groundTruth.classes.count, using: &generator),
            rectangle: Rectangle(x: 30, y: 40, width: 50, height: 60),
            score: Double.random(in: 0...1, using: &generator)))
      }
    }
    return found
  }
}

/// The same numbers everywhere.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

extension [Figure] {
  subscript(name: String) -> Double? { first { $0.name == name }?.value }
}

extension Double? {
  /// The same but for rounding; COCO's precision of 1 is a little less.
  func isAbout(_ other: Double) -> Bool { map { abs($0 - other) < 1e-12 } ?? false }
}
