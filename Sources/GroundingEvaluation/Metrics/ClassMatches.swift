/// What every detection of one class has found, at each overlap and range of areas.
///
/// The rule is COCO's: on each picture detections take objects in the order of their scores, each the free object that
/// it overlaps most; objects that are ignored (crowds, and those outside the range of areas) are taken only where no
/// other is, and crowds are never used up.
struct ClassMatches {
  /// By falling score; equal scores by picture, then in the order given.
  private(set) var candidates: ContiguousArray<Candidate>
  /// Objects that can be found, for each range of areas.
  let positives: [Int]
  /// Overlaps at which a candidate has found something, as bits; `[area * candidates.count + candidate]`.
  private(set) var found: ContiguousArray<UInt64>
  /// Overlaps at which a candidate counts neither as right nor as wrong; as `found`.
  private(set) var ignored: ContiguousArray<UInt64>

  struct Candidate {
    let score: Double
    let image: Int32
    /// Position in the list of detections.
    let detection: Int32
    /// Better detections of the class on the same picture.
    var rank: Int32 = 0
  }

  /// - Parameters:
  ///   - objects: positions in `groundTruth.boxes` of the objects of the class.
  ///   - detected: positions in `detections` of its detections.
  ///   - incompleteImages: pictures on which a detection that found nothing is ignored.
  init(
    groundTruth: GroundTruth, objects: some Sequence<Int32>,
    detections: ContiguousArray<DetectedBox>, detected: some Sequence<Int32>,
    parameters: PrecisionParameters, incompleteImages: [Int]
  ) {
    let objects = objects.map { ImageObject(groundTruth.boxes[Int($0)], parameters.areas) }
      .sorted { $0.image < $1.image }
    positives = parameters.areas.indices.map { area in objects.count { !$0.isIgnored(at: area) } }
    (candidates, found, ignored) = ([], [], [])

    candidates = ContiguousArray(
      detected.map { position in
        let box = detections[Int(position)]
        return Candidate(score: box.score, image: Int32(box.imageIndex), detection: position)
      })
    candidates.sort { one, other in
      guard one.score == other.score else { return one.score > other.score }
      return (one.image, one.detection) < (other.image, other.detection)
    }
    var counts = ContiguousArray<Int32>(repeating: 0, count: groundTruth.images.count)
    for index in candidates.indices {
      let image = Int(candidates[index].image)
      candidates[index].rank = counts[image]
      counts[image] += 1
    }
    if let limit = parameters.detectionLimits.last { candidates.removeAll { $0.rank >= limit } }

    ignoreUnmatched(detections, parameters, incompleteImages, imageCount: groundTruth.images.count)
    match(objects, detections, parameters, imageCount: groundTruth.images.count)
  }

  /// An object on a picture, and the ranges of areas, as bits, in which it is ignored.
  private struct ImageObject {
    let image: Int
    let rectangle: Rectangle
    let isCrowd: Bool
    private let ignoredAreas: UInt64

    init(_ box: GroundTruthBox, _ areas: [PrecisionParameters.AreaRange]) {
      (image, rectangle, isCrowd) = (box.imageIndex, box.rectangle, box.isCrowd)
      var ignored: UInt64 = box.isCrowd ? .max : 0
      for (area, element) in areas.enumerated() where !element.range.contains(box.area) {
        ignored |= 1 << area
      }
      ignoredAreas = ignored
    }

    func isIgnored(at area: Int) -> Bool { ignoredAreas >> area & 1 == 1 }

    func overlap(with detection: Rectangle) -> Double {
      isCrowd ? detection.share(within: rectangle) : detection.overlap(with: rectangle)
    }
  }

  /// Sets out with every candidate having found nothing.
  private mutating func ignoreUnmatched(
    _ detections: ContiguousArray<DetectedBox>, _ parameters: PrecisionParameters, _ incompleteImages: [Int],
    imageCount: Int
  ) {
    var isIncomplete = ContiguousArray(repeating: false, count: incompleteImages.isEmpty ? 0 : imageCount)
    for image in incompleteImages { isIncomplete[image] = true }
    found = ContiguousArray(repeating: 0, count: parameters.areas.count * candidates.count)
    ignored = found
    for (index, candidate) in candidates.enumerated() {
      let area = detections[Int(candidate.detection)].rectangle.area
      let isSpared = !isIncomplete.isEmpty && isIncomplete[Int(candidate.image)]
      for (position, areaRange) in parameters.areas.enumerated()
      where isSpared || !areaRange.range.contains(area) {
        ignored[position * candidates.count + index] = .max
      }
    }
  }

  /// - Parameter objects: by picture.
  private mutating func match(
    _ objects: [ImageObject], _ detections: ContiguousArray<DetectedBox>, _ parameters: PrecisionParameters,
    imageCount: Int
  ) {
    // The candidates of a picture as a chain, the best first.
    var first = ContiguousArray<Int32>(repeating: -1, count: imageCount)
    var next = ContiguousArray<Int32>(repeating: -1, count: candidates.count)
    for index in candidates.indices.reversed() {
      let image = Int(candidates[index].image)
      next[index] = first[image]
      first[image] = Int32(index)
    }
    let lowest = parameters.overlaps.map(Self.required).min() ?? 1
    var start = 0
    while start < objects.count {
      let end = objects[start...].firstIndex { $0.image != objects[start].image } ?? objects.count
      let group = objects[start..<end]
      var pairs = Pairs(objectCount: group.count)
      var index = Int(first[objects[start].image])
      while index >= 0 {
        let rectangle = detections[Int(candidates[index].detection)].rectangle
        pairs.append(
          candidate: index, overlaps: group.lazy.map { $0.overlap(with: rectangle) }, above: lowest)
        index = Int(next[index])
      }
      if !pairs.isEmpty { match(group, pairs, parameters) }
      start = end
    }
  }

  /// The candidates of a picture that overlap anything enough at all, and how much they overlap each object.
  private struct Pairs {
    let objectCount: Int
    private(set) var candidates: ContiguousArray<Int> = []
    /// `[candidate, object]`
    private var overlaps: ContiguousArray<Double> = []
    private(set) var highest: ContiguousArray<Double> = []

    init(objectCount: Int) { self.objectCount = objectCount }

    var isEmpty: Bool { candidates.isEmpty }

    mutating func append(candidate: Int, overlaps row: some Sequence<Double>, above lowest: Double) {
      var largest = -Double.infinity
      for overlap in row {
        overlaps.append(overlap)
        largest = max(largest, overlap)
      }
      if largest >= lowest {
        candidates.append(candidate)
        highest.append(largest)
      } else {
        overlaps.removeLast(objectCount)
      }
    }

    subscript(row: Int, object: Int) -> Double { overlaps[row * objectCount + object] }
  }

  /// Matches candidates and objects of one picture.
  private mutating func match(
    _ objects: ArraySlice<ImageObject>, _ pairs: Pairs, _ parameters: PrecisionParameters
  ) {
    var isTaken = ContiguousArray(repeating: false, count: objects.count)
    for area in parameters.areas.indices {
      // Objects that count come first.
      let counting = objects.indices.filter { !objects[$0].isIgnored(at: area) }
      let order = counting + objects.indices.filter { objects[$0].isIgnored(at: area) }
      for (level, overlap) in parameters.overlaps.enumerated() {
        let required = Self.required(overlap)
        for index in isTaken.indices { isTaken[index] = false }
        for (row, candidate) in pairs.candidates.enumerated() where pairs.highest[row] >= required {
          var best = required
          var choice: Int?
          for (position, object) in order.enumerated() {
            let column = object - objects.startIndex
            if isTaken[column] && !objects[object].isCrowd { continue }
            if let choice, choice < counting.count, position >= counting.count { break }
            if pairs[row, column] < best { continue }
            best = pairs[row, column]
            choice = position
          }
          guard let choice else { continue }
          isTaken[order[choice] - objects.startIndex] = true
          let bit = UInt64(1) << level
          found[area * candidates.count + candidate] |= bit
          if choice < counting.count {
            ignored[area * candidates.count + candidate] &= ~bit
          } else {
            ignored[area * candidates.count + candidate] |= bit
          }
        }
      }
    }
  }

  /// An overlap of 1 is out of reach for rounded numbers.
  static func required(_ overlap: Double) -> Double { min(overlap, 1 - 1e-10) }
}
