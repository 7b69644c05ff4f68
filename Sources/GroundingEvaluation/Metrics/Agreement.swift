import Foundation
import GroundingData

/// How well boxes that somebody or something has drawn agree with others that are taken for true. Pictures go together by the
/// names of their files.
///
/// A box is right if it overlaps a true one of the same name by `overlap` of their union or more; each true box counts
/// once, for the best-scored. Of captions the name is a place in the text: what is at words in common is of one name.
public struct Agreement: Sendable, Hashable, Codable {
  /// Pictures that both have.
  public private(set) var pictures = 0
  /// Pictures without truth, whose boxes do not count.
  public private(set) var unjudgedPictures = 0
  /// Pictures with truth alone, whose boxes were missed: labelling leaves out pictures on which nothing was found.
  public private(set) var missingPictures = 0
  public private(set) var trueBoxes = 0
  /// From all boxes to the best-scored ones.
  public private(set) var levels: [Level] = []

  /// What is left of the boxes at a threshold.
  public struct Level: Sendable, Hashable, Codable {
    /// Lower scores are left out; nil for none.
    public var threshold: Double?
    public var boxes: Int
    public var right: Int
    /// Of the boxes, the share that is right; nil without boxes.
    public var precision: Double?
    /// Of the true boxes, the share that is there; nil without any.
    public var recall: Double?
  }

  /// - Parameters:
  ///   - labels: the boxes in question, with scores or without
  ///   - truth: what they are compared with
  ///   - thresholds: scores to leave boxes out below, besides none
  ///   - progress: called with the number of records that are done
  /// - Throws: `DatasetError`; `EvaluationError` for two records of one picture, captions that differ, or nothing in common.
  public init(
    of labels: any GroundingDataset, with truth: any GroundingDataset, overlap: Double = 0.5,
    thresholds: [Double] = [0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9], progress: (Int) -> Void = { _ in }
  ) throws {
    var places: [String: Int] = [:]
    for index in 0..<truth.count {
      let name = try Self.name(of: truth.record(at: index))
      guard places.updateValue(index, forKey: name) == nil else {
        throw EvaluationError(.malformed, "\(truth.name) has two records of \(name)")
      }
    }
    var judged: [(score: Double, isRight: Bool)] = []
    for index in 0..<labels.count {
      progress(index)
      let record = try labels.record(at: index)
      let name = Self.name(of: record)
      guard let place = places.removeValue(forKey: name) else {
        unjudgedPictures += 1
        continue
      }
      let other = try truth.record(at: place)
      if case .caption(let text) = record.text, case .caption(let trueText) = other.text, text != trueText {
        throw EvaluationError(
          .malformed, "the captions of \(name) in \(labels.name) and \(truth.name) differ")
      }
      pictures += 1
      let objects = other.objects.filter { !$0.isCrowd }
      trueBoxes += objects.count
      var isTaken = objects.map { _ in false }
      for box in record.objects.sorted(by: { ($0.score ?? 1) > ($1.score ?? 1) }) {
        let rectangle = Rectangle(box.box)
        let best = objects.indices
          .filter { !isTaken[$0] && Self.isSame(box, objects[$0], labels.classes, truth.classes) }
          .map { (index: $0, overlap: rectangle.overlap(with: Rectangle(objects[$0].box))) }
          .max { $0.overlap < $1.overlap }
        let found = best.flatMap { $0.overlap >= overlap ? $0.index : nil }
        if let found { isTaken[found] = true }
        judged.append((box.score ?? 1, found != nil))
      }
    }
    missingPictures = places.count
    for place in places.values {
      trueBoxes += try truth.record(at: place).objects.count { !$0.isCrowd }
    }
    guard pictures > 0 else {
      throw EvaluationError(
        .malformed, "\(labels.name) and \(truth.name) have no picture with the same file name")
    }
    let all = trueBoxes
    levels = ([nil] + thresholds).map { threshold in
      let kept = judged.filter { $0.score >= threshold ?? -.infinity }
      let right = kept.count { $0.isRight }
      return Level(
        threshold: threshold, boxes: kept.count, right: right,
        precision: kept.isEmpty ? nil : Double(right) / Double(kept.count),
        recall: all == 0 ? nil : Double(right) / Double(all))
    }
  }

  private static func name(of record: Record) -> String {
    if case .file(let url) = record.picture { return url.lastPathComponent }
    return record.picture.name
  }

  private static func isSame(
    _ box: Record.Object, _ object: Record.Object, _ classes: [ObjectClass], _ trueClasses: [ObjectClass]
  ) -> Bool {
    if let index = box.classIndex, let trueIndex = object.classIndex {
      return classes[index].name == trueClasses[trueIndex].name
    }
    return box.spans.contains { span in object.spans.contains { $0.overlaps(span) } }
  }
}
