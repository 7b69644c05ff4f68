/// Precision over recall of one class; everything is empty where the class has no object to be found.
struct ClassCurves: Sendable {
  /// `[area, limit, overlap, recall]`, -1 where the class has no object in the range of areas.
  var precisions: ContiguousArray<Double> = []
  /// The score down to which one must go to reach a recall, 0 where it is not reached; as `precisions`.
  var scores: ContiguousArray<Double> = []
  /// The recall with all detections, `[area, limit, overlap]`.
  var recalls: ContiguousArray<Double> = []

  init(_ matches: ClassMatches, _ parameters: PrecisionParameters) {
    guard matches.positives.contains(where: { $0 > 0 }) else { return }
    let (areas, limits) = (parameters.areas.count, parameters.detectionLimits.count)
    let blocks = areas * limits * parameters.overlaps.count
    precisions = ContiguousArray(repeating: -1, count: blocks * parameters.recalls.count)
    scores = precisions
    recalls = ContiguousArray(repeating: -1, count: blocks)
    for area in 0..<areas where matches.positives[area] > 0 {
      for (index, limit) in parameters.detectionLimits.enumerated() {
        let hits = Hits(matches, area: area, limit: limit, levels: parameters.overlaps.count)
        for level in parameters.overlaps.indices {
          let block = (area * limits + index) * parameters.overlaps.count + level
          sample(hits, level: level, positives: matches.positives[area], at: parameters.recalls, block: block)
        }
      }
    }
  }

  /// The right detections, best first, at each overlap. Precision rises at right detections only, so that these are
  /// all of the curve that sampling needs.
  private struct Hits {
    /// Of the best detection, right or wrong; `nil` where there is none.
    var bestScore: Double?
    /// Wrong detections before each right one, `[overlap][hit]`.
    var falseAlarms: [ContiguousArray<Int>]
    var scores: [ContiguousArray<Double>]

    init(_ matches: ClassMatches, area: Int, limit: Int, levels: Int) {
      falseAlarms = Array(repeating: [], count: levels)
      scores = Array(repeating: [], count: levels)
      bestScore = matches.candidates.first?.score
      // Most detections are wrong at every overlap: these are counted once.
      var common = 0
      var wrong = ContiguousArray(repeating: 0, count: levels)
      let offset = area * matches.candidates.count
      for (index, candidate) in matches.candidates.enumerated() where candidate.rank < limit {
        let (found, ignored) = (matches.found[offset + index], matches.ignored[offset + index])
        if found == 0 {
          if ignored == 0 { common += 1 }
          continue
        }
        for level in 0..<levels where ignored >> level & 1 == 0 {
          if found >> level & 1 == 1 {
            falseAlarms[level].append(common + wrong[level])
            scores[level].append(candidate.score)
          } else {
            wrong[level] += 1
          }
        }
      }
    }
  }

  private mutating func sample(_ hits: Hits, level: Int, positives: Int, at samples: [Double], block: Int) {
    let (falseAlarms, hitScores) = (hits.falseAlarms[level], hits.scores[level])
    recalls[block] = Double(falseAlarms.count) / Double(positives)
    // The best precision at any recall as high or higher.
    var envelope = ContiguousArray(repeating: 0.0, count: falseAlarms.count)
    var highest = 0.0
    for hit in falseAlarms.indices.reversed() {
      let right = Double(hit + 1)
      // The smallest addition keeps the figures those of COCO's code to the last digit.
      highest = max(highest, right / (Double(falseAlarms[hit]) + right + .ulpOfOne))
      envelope[hit] = highest
    }
    var hit = 0
    for (index, recall) in samples.enumerated() {
      while hit < falseAlarms.count, Double(hit + 1) / Double(positives) < recall { hit += 1 }
      let position = block * samples.count + index
      precisions[position] = hit < falseAlarms.count ? envelope[hit] : 0
      // No recall at all is reached by the first detection, whatever it found.
      let score = recall <= 0 ? hits.bestScore : hit < falseAlarms.count ? hitScores[hit] : nil
      scores[position] = score ?? 0
    }
  }
}
