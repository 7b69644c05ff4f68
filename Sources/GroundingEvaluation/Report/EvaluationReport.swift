import Foundation
import GroundingData

/// What an evaluation has shown, for a person to look at: a folder of plots and pictures, and one page, `index.html`,
/// that holds them all and needs nothing else.
///
///     index.html
///     plots/     precision over recall, scores, sizes, confusions
///     classes/   curves of each class
///     worst/     the pictures with the worst mistakes of each kind
public struct EvaluationReport: Sendable {
  public let title: String
  public let options: Options
  let groundTruth: GroundTruth
  let detections: ContiguousArray<DetectedBox>
  let dataset: any GroundingDataset
  let precisions: PrecisionTable
  let figures: [Figure]
  /// Positions of the classes that are measured, rising.
  let measured: [Int]

  public struct Options: Sendable, Hashable {
    /// How much a detection must overlap an object to have found it; curves are drawn for others as well.
    public var overlap = 0.5
    /// The lowest score of the detections whose mistakes are counted and shown; `nil` for the score at which the
    /// harmonic mean of precision and recall (F1) over all classes is highest.
    public var threshold: Double?
    /// At most so many pictures for each kind of mistake.
    public var picturesPerKind = 8
    /// Longest side of these pictures, in pixels.
    public var pictureSide = 640

    public init() {}
  }

  /// - Parameters:
  ///   - dataset: its record at a position is the ground truth's picture at this position; `Subset` gives records
  ///     another order. Pictures that cannot be read are named in the report.
  ///   - precisions: `result` of a COCO or LVIS evaluation of these detections; `nil` to compute COCO's.
  ///   - classes: positions of the classes to report on, `nil` for all; the others' objects and detections are left aside.
  ///   - figures: shown at the top, as the benchmark has them; `nil` for COCO's where `precisions` is `nil`, else none.
  /// - Throws: `EvaluationError` where detections and ground truth, or the data set and the ground truth, do not belong
  ///   together, or where an option makes no sense.
  public init(
    title: String, groundTruth: GroundTruth, detections: some Sequence<DetectedBox>,
    dataset: any GroundingDataset, classes: Set<Int>? = nil, precisions: PrecisionTable? = nil,
    figures: [Figure]? = nil, options: Options = Options()
  ) throws {
    (self.title, self.dataset, self.options) = (title, dataset, options)
    let all = ContiguousArray(detections)
    try groundTruth.check(all)
    measured = groundTruth.classes.indices.filter { classes?.contains($0) ?? true }
    self.groundTruth =
      try classes.map { classes in
        try GroundTruth(
          images: groundTruth.images, classes: groundTruth.classes,
          boxes: groundTruth.boxes.filter { classes.contains($0.classIndex) })
      } ?? groundTruth
    self.detections = classes.map { classes in all.filter { classes.contains($0.classIndex) } } ?? all
    if let precisions {
      (self.precisions, self.figures) = (precisions, figures ?? [])
    } else {
      let evaluation = try COCOEvaluation(
        groundTruth: groundTruth, detections: self.detections, classes: classes)
      (self.precisions, self.figures) = (evaluation.result, figures ?? evaluation.figures)
    }
    try options.validate()
    guard dataset.count == groundTruth.images.count else {
      throw EvaluationError(
        .invalidParameters,
        "the data set has \(dataset.count) records, but the ground truth \(groundTruth.images.count) pictures"
      )
    }
  }

  /// Writes the report; the folder appears when it is complete, in place of an earlier report.
  ///
  /// - Throws: `EvaluationError` where the folder cannot be written or holds anything but a report.
  public func write(to folder: URL) throws {
    let analysis = ReportAnalysis(groundTruth, detections, options: options)
    try ReportFolder.fill(folder) { try page(analysis, ReportImages(folder: $0)).html }
  }

  static func check(_ condition: Bool, _ reason: String) throws {
    if !condition { throw EvaluationError(.invalidParameters, reason) }
  }
}

extension EvaluationReport.Options {
  fileprivate func validate() throws {
    let check = EvaluationReport.check
    try check(overlap > 0 && overlap <= 1, "the overlap \(overlap) is not above 0 and at most 1")
    try check(threshold?.isFinite ?? true, "the threshold is not finite")
    try check(
      (0...100).contains(picturesPerKind),
      "between 0 and 100 pictures of a kind are possible, not \(picturesPerKind)")
    try check(
      (64...4096).contains(pictureSide), "pictures are 64 to 4096 pixels wide, not \(pictureSide)")
  }
}
