import Foundation

/// Which detections of a teacher become boxes (paper, section 3.3: those that it is surer of than 0.5).
public struct LabellingRules: Sendable, Hashable {
  /// Boxes of which the teacher is not surer than this are left out.
  public var threshold = 0.5
  /// Shares of the picture that a box may take.
  public var areas = 0.0...1.0
  /// Of boxes that overlap by more than this (intersection over union), whatever names them, the best is kept.
  public var overlap: Double?
  /// The most boxes of one phrase, or class.
  public var boxesPerPhrase: Int?
  /// A picture with fewer boxes gets none.
  public var minimumBoxes = 1
  /// Whether pictures without boxes are part of the result.
  public var keepsEmptyPictures = false

  public init() {}

  /// - Throws: `SettingError` for a value out of its range.
  public func validate() throws(SettingError) {
    try SettingError.check("threshold", probability: threshold)
    try SettingError.check("smallest area", probability: areas.lowerBound)
    try SettingError.check("largest area", probability: areas.upperBound)
    try SettingError.check("largest overlap", probability: overlap)
    if let boxesPerPhrase { try SettingError.check("most boxes of a phrase", boxesPerPhrase, atLeast: 1) }
    try SettingError.check("smallest number of boxes", minimumBoxes, atLeast: 1)
  }

  /// The detections that pass, cut to the picture, best first; what does not is counted.
  ///
  /// - Parameter found: of one picture, best first, each with the number of its phrase or class.
  package func screened(
    _ found: [(object: Record.Object, phrase: Int)], in size: Record.Size, _ counts: inout LabelCounts
  ) -> [Record.Object] {
    var kept: [Record.Object] = []
    var ofPhrase: [Int: Int] = [:]
    counts.detections += found.count
    for (object, phrase) in found {
      let score = object.score ?? 1
      counts.scores[LabelCounts.bin(of: score)] += 1
      guard score > threshold else {
        counts.belowThreshold += 1
        continue
      }
      guard let object = [object].cut(toWidth: size.width, height: size.height).first,
        areas.contains(
          object.box.width * object.box.height / (Double(size.width) * Double(size.height)))
      else {
        counts.outsideAreas += 1
        continue
      }
      if let overlap, kept.contains(where: { $0.box.overlap(object.box) > overlap }) {
        counts.overlapping += 1
        continue
      }
      if let boxesPerPhrase, ofPhrase[phrase, default: 0] >= boxesPerPhrase {
        counts.beyondPhraseLimit += 1
        continue
      }
      ofPhrase[phrase, default: 0] += 1
      kept.append(object)
    }
    if kept.count < minimumBoxes {
      counts.onSparsePictures += kept.count
      kept = []
    }
    counts.boxes += kept.count
    counts.phrasesWithBoxes += kept.isEmpty ? 0 : ofPhrase.count
    return kept
  }
}
