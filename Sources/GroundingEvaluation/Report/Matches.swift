/// What each detection was, at one overlap and whatever the score: COCO's rule, by which on each picture the surest
/// detection takes the object of its class that it overlaps most, and so on down.
///
/// A threshold changes nothing about the surer detections, so one matching serves all of them.
package struct Matches {
  /// Of each detection.
  package private(set) var verdicts: ContiguousArray<Verdict>
  /// How much a detection must overlap an object to have found it.
  package let overlap: Double
  private let groundTruth: GroundTruth
  private let detections: ContiguousArray<DetectedBox>
  private let detectionsOfImage: Grouping
  private let objectsOfImage: Grouping

  package enum Verdict: Hashable {
    /// It found an object, by its position in the list of boxes.
    case right(object: Int32)
    case wrong
    /// It counts neither way: it found a crowd or a difficult object, or nobody looked for its class on the picture.
    case leftOut
  }

  package init(_ groundTruth: GroundTruth, _ detections: ContiguousArray<DetectedBox>, overlap: Double) {
    (self.groundTruth, self.detections) = (groundTruth, detections)
    self.overlap = overlap
    let count = groundTruth.images.count
    detectionsOfImage = Grouping(detections.count, into: count) { detections[$0].imageIndex }
    objectsOfImage = Grouping(groundTruth.boxes.count, into: count) { groundTruth.boxes[$0].imageIndex }
    verdicts = ContiguousArray(repeating: .wrong, count: detections.count)
    let isFederated = groundTruth.classes.contains { $0.frequency != nil }
    for image in 0..<count { match(image, isFederated: isFederated) }
  }

  /// Objects that are to be found on a picture, as positions in the list of boxes.
  func objects(on image: Int) -> [Int] {
    objectsOfImage[image].map { Int($0) }.filter { groundTruth.boxes[$0].counts }
  }

  /// Detections of a picture that count, the surest first.
  func detections(on image: Int, downTo threshold: Double) -> [Int] {
    sorted(image).filter { detections[$0].score >= threshold && verdicts[$0] != .leftOut }
  }

  private func sorted(_ image: Int) -> [Int] {
    detectionsOfImage[image].map { Int($0) }.sorted { one, other in
      let scores = (detections[one].score, detections[other].score)
      return scores.0 == scores.1 ? one < other : scores.0 > scores.1
    }
  }

  /// - Parameter isFederated: whether a class counts only on pictures that have it or are known not to (LVIS).
  private mutating func match(_ image: Int, isFederated: Bool) {
    let description = groundTruth.images[image]
    let objects = Dictionary(grouping: objectsOfImage[image]) { groundTruth.boxes[Int($0)].classIndex }
    let absent = Set(description.absentClasses)
    let incomplete = Set(description.incompleteClasses)
    let required = ClassMatches.required(overlap)
    var taken: Set<Int32> = []
    for position in sorted(image) {
      let detection = detections[position]
      let candidates = objects[detection.classIndex] ?? []
      if isFederated, candidates.isEmpty, !absent.contains(detection.classIndex) {
        verdicts[position] = .leftOut
        continue
      }
      func best(counting: Bool) -> Int32? {
        var (choice, most): (Int32?, Double) = (nil, 0)
        for candidate in candidates {
          let object = groundTruth.boxes[Int(candidate)]
          guard object.counts == counting, !taken.contains(candidate) else { continue }
          let overlap = object.overlap(with: detection.rectangle)
          if overlap >= required, overlap > most { (choice, most) = (candidate, overlap) }
        }
        return choice
      }
      if let object = best(counting: true) {
        taken.insert(object)
        verdicts[position] = .right(object: object)
      } else if best(counting: false) != nil || incomplete.contains(detection.classIndex) {
        verdicts[position] = .leftOut
      }
    }
  }
}

extension GroundTruthBox {
  /// Whether it is to be found.
  var counts: Bool { !isCrowd && !isDifficult }

  func overlap(with detection: Rectangle) -> Double {
    isCrowd ? detection.share(within: rectangle) : detection.overlap(with: rectangle)
  }
}
