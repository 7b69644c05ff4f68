/// Precision and recall of all classes at all overlaps, ranges of areas and limits: what the figures of COCO and LVIS
/// are means of, and what curves are drawn from.
///
/// Where a class has no object in a range of areas there is neither precision nor recall: these are `nil`, and left out
/// of means.
public struct PrecisionTable: Sendable {
  public let parameters: PrecisionParameters
  /// `nil` for classes that were left out.
  private let classes: [ClassCurves?]

  /// A point of a curve.
  public struct Point: Sendable, Hashable {
    public var recall: Double
    /// The best precision at this recall or a higher one.
    public var precision: Double
    /// Of the last detection that is needed for this recall; 0 where it is not reached.
    public var score: Double
  }

  /// - Parameters:
  ///   - isIncluded: of the classes.
  ///   - incompleteImages: for each class, the pictures on which a detection that found nothing is ignored.
  init(
    groundTruth: GroundTruth, objects: Grouping, detections: ContiguousArray<DetectedBox>, detected: Grouping,
    parameters: PrecisionParameters, isIncluded: @Sendable (Int) -> Bool, incompleteImages: [[Int]]? = nil
  ) {
    self.parameters = parameters
    classes = concurrentMap(groundTruth.classes.count) { index in
      guard isIncluded(index) else { return nil }
      let matches = ClassMatches(
        groundTruth: groundTruth, objects: objects[index], detections: detections, detected: detected[index],
        parameters: parameters, incompleteImages: incompleteImages?[index] ?? [])
      return ClassCurves(matches, parameters)
    }
  }

  /// The mean over classes, overlaps and recalls.
  ///
  /// - Parameters:
  ///   - classes: positions in `GroundTruth.classes`, `nil` for all.
  ///   - overlap: one of the parameters', `nil` for the mean over all.
  ///   - limit: one of the parameters' limits of detections, `nil` for the highest.
  public func averagePrecision(
    classes: [Int]? = nil, overlap: Double? = nil,
    area: PrecisionParameters.AreaRange = .all, limit: Int? = nil
  ) -> Double? {
    guard let blocks = blocks(overlap: overlap, area: area, limit: limit) else { return nil }
    let samples = parameters.recalls.count
    return mean(
      of: classes, over: (blocks.lowerBound * samples)..<(blocks.upperBound * samples), \.precisions)
  }

  /// The mean over classes and overlaps of the recall that is reached with all detections within the limit.
  ///
  /// The parameters are those of `averagePrecision`.
  public func averageRecall(
    classes: [Int]? = nil, overlap: Double? = nil,
    area: PrecisionParameters.AreaRange = .all, limit: Int? = nil
  ) -> Double? {
    guard let blocks = blocks(overlap: overlap, area: area, limit: limit) else { return nil }
    return mean(of: classes, over: blocks, \.recalls)
  }

  /// Precision over recall of one class, sampled at the parameters' recalls; empty where the class has no object.
  public func curve(
    classIndex: Int, overlap: Double, area: PrecisionParameters.AreaRange = .all, limit: Int? = nil
  ) -> [Point] {
    guard let block = blocks(overlap: overlap, area: area, limit: limit)?.first,
      classes.indices.contains(classIndex),
      let curves = classes[classIndex], !curves.precisions.isEmpty
    else { return [] }
    return parameters.recalls.enumerated().compactMap { index, recall in
      let position = block * parameters.recalls.count + index
      let precision = curves.precisions[position]
      return precision < 0 ? nil : Point(recall: recall, precision: precision, score: curves.scores[position])
    }
  }

  /// Where the values of one or all overlaps are in a class's lists, in units of a curve.
  private func blocks(overlap: Double?, area: PrecisionParameters.AreaRange, limit: Int?) -> Range<Int>? {
    let limits = parameters.detectionLimits
    guard let area = parameters.areas.firstIndex(of: area),
      let limit = limit.map({ limits.firstIndex(of: $0) }) ?? limits.indices.last
    else { return nil }
    let start = (area * limits.count + limit) * parameters.overlaps.count
    guard let overlap else { return start..<(start + parameters.overlaps.count) }
    // Overlaps are sums of rounded steps.
    guard let level = parameters.overlaps.firstIndex(where: { abs($0 - overlap) < 1e-9 }) else { return nil }
    return (start + level)..<(start + level + 1)
  }

  private func mean(
    of chosen: [Int]?, over range: Range<Int>, _ list: KeyPath<ClassCurves, ContiguousArray<Double>>
  ) -> Double? {
    var (sum, count) = (0.0, 0)
    func add(_ curves: ClassCurves?) {
      guard let values = curves?[keyPath: list], !values.isEmpty else { return }
      // A class's values in a range of areas are all there, or none.
      guard values[range.lowerBound] >= 0 else { return }
      for index in range { sum += values[index] }
      count += range.count
    }
    if let chosen {
      for index in chosen where classes.indices.contains(index) { add(classes[index]) }
    } else {
      classes.forEach(add)
    }
    return count == 0 ? nil : sum / Double(count)
  }
}
