import Foundation
import GroundingData
import Pictures

/// What an evaluation of phrases of captions has shown, for a person to look at: recalls of each type of phrase, and the
/// captions of which most was missed. A folder like that of `EvaluationReport`.
public struct PhraseReport: Sendable {
  public let title: String
  let captions: [Caption]
  let dataset: any GroundingDataset
  let figures: [Figure]
  let recall: PhraseRecall
  let pictureCount: Int
  let pictureSide: Int

  /// A caption, and what was found for its phrases.
  public struct Caption: Sendable, Hashable {
    /// Position of its record in the data set.
    public var recordIndex: Int
    public var text: String
    public var phrases: [Phrase]

    public init(recordIndex: Int, text: String, phrases: [Phrase]) {
      (self.recordIndex, self.text, self.phrases) = (recordIndex, text, phrases)
    }
  }

  public struct Phrase: Sendable, Hashable {
    /// In Unicode scalars of the caption; what is outside of it is not shown.
    public var span: Range<Int>
    public var boxes: PhraseRecall.Phrase

    public init(span: Range<Int>, boxes: PhraseRecall.Phrase) { (self.span, self.boxes) = (span, boxes) }
  }

  /// - Parameters:
  ///   - figures: shown at the top, as the benchmark has them; `nil` for the recalls of all phrases.
  ///   - truth: what an object with several boxes is, for the recalls of types and the choice of pictures.
  ///   - pictureCount: at most so many captions are shown, 0 to 500.
  ///   - pictureSide: longest side of their pictures, 64 to 4096 pixels.
  /// - Throws: `EvaluationError` where a caption is of a record that the data set does not have, or a number is out of its
  ///   range.
  public init(
    title: String, captions: [Caption], dataset: any GroundingDataset, figures: [Figure]? = nil,
    truth: PhraseRecall.Truth = .anyBox, pictureCount: Int = 24, pictureSide: Int = 640
  ) throws {
    for (index, caption) in captions.enumerated() {
      guard (0..<dataset.count).contains(caption.recordIndex) else {
        throw EvaluationError(
          .unknownReference, "caption \(index) is of record \(caption.recordIndex) of \(dataset.count)")
      }
      let boxes = caption.phrases.flatMap { $0.boxes.objectBoxes + $0.boxes.foundBoxes }
      guard boxes.allSatisfy(\.isFinite) else {
        throw EvaluationError(.malformed, "caption \(index) has a box with a number that is not finite")
      }
    }
    try EvaluationReport.check(
      (0...500).contains(pictureCount), "0 to 500 pictures are possible, not \(pictureCount)")
    try EvaluationReport.check(
      (64...4096).contains(pictureSide), "pictures are 64 to 4096 pixels wide, not \(pictureSide)")
    var recall = PhraseRecall(truth)
    for caption in captions { for phrase in caption.phrases { recall.add(phrase.boxes) } }
    (self.title, self.captions, self.dataset, self.recall) = (title, captions, dataset, recall)
    (self.pictureCount, self.pictureSide) = (pictureCount, pictureSide)
    self.figures =
      figures
      ?? recall.limits.map { limit in
        Figure(name: "R@\(limit.map { "\($0)" } ?? "all")", value: recall.recall(at: limit))
      }
  }

  /// Writes the report; the folder appears when it is complete, in place of an earlier report.
  ///
  /// - Throws: `EvaluationError` where the folder cannot be written or holds anything but a report.
  public func write(to folder: URL) throws {
    try ReportFolder.fill(folder) { try page(ReportImages(folder: $0)).html }
  }

  /// Phrases whose object the surest box does not find.
  func missed(in caption: Caption) -> [Phrase] {
    caption.phrases.filter { phrase in
      guard !phrase.boxes.objectBoxes.isEmpty else { return false }
      var single = PhraseRecall(recall.truth, limits: [1], overlap: recall.overlap)
      single.add(phrase.boxes)
      return single.recall(at: 1) == 0
    }
  }

  /// Captions of which most phrases were missed, as positions; of equal ones the shorter, then the earlier.
  func worst() -> [Int] {
    let counts = captions.enumerated().map {
      (index: $0, missed: missed(in: $1).count, all: $1.phrases.count)
    }
    return counts.filter { $0.missed > 0 }
      .sorted { ($1.missed, $0.all, $0.index) < ($0.missed, $1.all, $1.index) }
      .prefix(pictureCount).map(\.index)
  }
}
