/// What can be wrong about a picture.
package enum MistakeKind: Int, CaseIterable, Hashable {
  /// An object that no detection is near.
  case missed
  /// A detection where there is nothing like it.
  case falseAlarm
  /// A detection of an object's class that overlaps it, but too little.
  case mislocated
  /// A detection at an object that it has the wrong class for.
  case confused
  /// A detection at an object that a surer one has found already.
  case doubled
}

package struct Mistake: Hashable {
  package let kind: MistakeKind
  /// Position in the list of detections, of all kinds but `missed`.
  package var detection: Int?
  /// Position in the ground truth's list of boxes, of all kinds but `falseAlarm`.
  package var object: Int?
}

/// The mistakes on one picture of the detections down to a threshold.
package struct PictureMistakes {
  package private(set) var mistakes: [Mistake] = []
  /// Objects that were found, and the detections that found them, as positions.
  package private(set) var found: [(object: Int, detection: Int)] = []
  /// Objects that no detection was for, though some may be near, as positions.
  package private(set) var unfound: [Int]

  /// Less is not near an object (Bolya et al., "TIDE", 2020).
  static let leastOverlap = 0.1

  package init(
    _ matches: Matches, on image: Int, downTo threshold: Double, _ groundTruth: GroundTruth,
    _ detections: ContiguousArray<DetectedBox>
  ) {
    let objects = matches.objects(on: image)
    unfound = []
    var wrong: [Int] = []
    for position in matches.detections(on: image, downTo: threshold) {
      if case .right(let object) = matches.verdicts[position] {
        found.append((Int(object), position))
      } else {
        wrong.append(position)
      }
    }
    let foundObjects = found.map(\.object)
    let isFound = Set(foundObjects)
    unfound = objects.filter { !isFound.contains($0) }

    func overlap(_ detection: Int, _ object: Int) -> Double {
      detections[detection].rectangle.overlap(with: groundTruth.boxes[object].rectangle)
    }
    func best(of objects: some Sequence<Int>, for detection: Int) -> (object: Int, overlap: Double)? {
      objects.map { ($0, overlap(detection, $0)) }.max { $0.1 < $1.1 }
    }
    // Each object that was not found is taken for at most one thing, by the surest that names it so.
    var unexplained: [Int] = []
    for position in wrong {
      let others = unfound.filter { groundTruth.boxes[$0].classIndex != detections[position].classIndex }
      if let (object, overlap) = best(of: others, for: position), overlap >= matches.overlap {
        mistakes.append(Mistake(kind: .confused, detection: position, object: object))
        unfound.removeAll { $0 == object }
      } else {
        unexplained.append(position)
      }
    }
    let open = Set(unfound)
    var located: Set<Int> = []
    for position in unexplained {
      let own = objects.filter { groundTruth.boxes[$0].classIndex == detections[position].classIndex }
      // Near an object that is still to be found, if there is one.
      let choices = [own.filter(open.contains), own]
      let near = choices.lazy.compactMap { best(of: $0, for: position) }.first {
        $0.overlap >= Self.leastOverlap
      }
      if let second = best(of: foundObjects, for: position), second.overlap >= matches.overlap {
        mistakes.append(Mistake(kind: .doubled, detection: position, object: second.object))
      } else if let near {
        mistakes.append(Mistake(kind: .mislocated, detection: position, object: near.object))
        located.insert(near.object)
      } else {
        mistakes.append(Mistake(kind: .falseAlarm, detection: position))
      }
    }
    mistakes += unfound.filter { !located.contains($0) }.map { Mistake(kind: .missed, object: $0) }
  }

  /// How bad the mistakes of a kind are: of those that were missed the number, of the others the sum of the scores, as a
  /// sure mistake is the worse one. 0 where there is none.
  func severity(_ kind: MistakeKind, _ detections: ContiguousArray<DetectedBox>) -> Double {
    mistakes.lazy.filter { $0.kind == kind }.reduce(0) { sum, mistake in
      // A little for each, so that a score of 0 or less counts as well.
      sum + (mistake.detection.map { max(detections[$0].score, 0) + 1e-3 } ?? 1)
    }
  }
}
