/// How often an object of one class was taken for another, at one overlap and threshold.
///
/// Rows are classes of objects, columns those of detections; the last of both is the background: objects that no
/// detection was for, and detections for which there is no object. A row's sum is the number of the class's objects.
package struct ConfusionMatrix {
  package let classCount: Int
  /// Most of all pairs of many classes never occur.
  private var counts: [Cell: Int] = [:]

  package struct Cell: Hashable {
    package var truth: Int
    package var detected: Int

    package init(truth: Int, detected: Int) { (self.truth, self.detected) = (truth, detected) }
  }

  /// Of an object or a detection that has no counterpart.
  package var background: Int { classCount }

  package init(classCount: Int) { self.classCount = classCount }

  package subscript(truth: Int, detected: Int) -> Int { counts[Cell(truth: truth, detected: detected)] ?? 0 }

  package mutating func add(
    _ picture: PictureMistakes, _ groundTruth: GroundTruth, _ detections: ContiguousArray<DetectedBox>
  ) {
    func add(object: Int?, detection: Int?) {
      let cell = Cell(
        truth: object.map { groundTruth.boxes[$0].classIndex } ?? background,
        detected: detection.map { detections[$0].classIndex } ?? background)
      counts[cell, default: 0] += 1
    }
    for pair in picture.found { add(object: pair.object, detection: pair.detection) }
    for mistake in picture.mistakes where mistake.detection != nil {
      add(object: mistake.kind == .confused ? mistake.object : nil, detection: mistake.detection)
    }
    for object in picture.unfound { add(object: object, detection: nil) }
  }

  /// Pairs of different classes, the most frequent first.
  package func confusions() -> [(cell: Cell, count: Int)] {
    counts.filter { $0.key.truth != $0.key.detected && max($0.key.truth, $0.key.detected) < classCount }
      .map { ($0.key, $0.value) }
      .sorted { ($1.1, $0.0.truth, $0.0.detected) < ($0.1, $1.0.truth, $1.0.detected) }
  }

  /// The matrix with rows and columns of some classes only, then one for all others if it has others, then the
  /// background: `[row][column]`.
  package func table(of classes: [Int], hasOthers: Bool) -> [[Int]] {
    let side = classes.count + (hasOthers ? 2 : 1)
    let places = Dictionary(zip(classes, 0...)) { first, _ in first }
    func place(_ index: Int) -> Int { index == background ? side - 1 : places[index] ?? classes.count }
    var table = [[Int]](repeating: [Int](repeating: 0, count: side), count: side)
    for (cell, count) in counts { table[place(cell.truth)][place(cell.detected)] += count }
    return table
  }

  /// The classes that matter most, in their order: those that are confused most often, then those of most objects and
  /// detections.
  package func leadingClasses(_ count: Int, of classes: [Int]) -> [Int] {
    guard classes.count > count else { return classes }
    var confused = [Int: Int]()
    var all = [Int: Int]()
    for (cell, count) in counts {
      let pair = Set([cell.truth, cell.detected]).subtracting([background])
      for index in pair { all[index, default: 0] += count }
      if pair.count == 2 { for index in pair { confused[index, default: 0] += count } }
    }
    let sorted = classes.sorted { one, other in
      (confused[other] ?? 0, all[other] ?? 0, one) < (confused[one] ?? 0, all[one] ?? 0, other)
    }
    return sorted.prefix(count).sorted()
  }
}
