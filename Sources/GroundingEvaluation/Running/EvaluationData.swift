import Foundation
import GLIP
import GroundingData

/// A data set made ready for measuring: its truth in the form of a benchmark, and what to ask of a network on each of
/// its records.
public struct EvaluationData: Sendable {
  public let benchmark: Benchmark
  public let dataset: any CheckedDataset
  /// Pictures in the order of their ids, classes and boxes; of captioned pictures neither classes nor boxes.
  public let groundTruth: GroundTruth
  /// Of each record, where pictures have captions; nil for a record that is malformed and left out.
  public let captions: [CaptionTruth?]
  /// What the network is asked for, one for each of `dataset.classes`.
  public var classPrompts: [ClassPrompt]
  /// Position in `groundTruth.images` of each record; nil for one that is malformed and left out.
  public let imageIndices: [Int?]
  /// Position in `groundTruth.classes` of each of `dataset.classes`.
  public let classIndices: [Int]

  /// Reads all annotations.
  ///
  /// - Parameters:
  ///   - description: which data; its `onError` says what happens at malformed records
  ///   - benchmark: nil for the one that the data set is made for
  ///   - folder: which relative paths are relative to; nil for the current one
  ///   - checkingPictures: whether all pictures must be there
  /// - Throws: `DatasetError`, `EvaluationError` or `PictureError`, each a sentence that names file and record.
  public init(
    _ description: DatasetDescription, as benchmark: Benchmark? = nil, relativeTo folder: URL? = nil,
    checkingPictures: Bool = true
  ) throws {
    // Faults of single objects are those of the benchmark's own reader to judge: boxes without area count with COCO.
    var lenient = description
    lenient.onError = .skip
    let dataset = try lenient.open(relativeTo: folder)
    guard dataset.count > 0 else {
      throw EvaluationError(.invalidParameters, "\(dataset.name) has no picture to measure on")
    }
    let benchmark = try benchmark ?? .told(by: dataset)
    try Self.check(benchmark, suits: dataset)
    let isStrict = description.onError == .fail
    let records = try Self.records(of: dataset, isStrict: isStrict, checkingPictures: checkingPictures)

    (self.benchmark, self.dataset) = (benchmark, dataset)
    classPrompts = dataset.classes.map { ClassPrompt($0.name) }
    if benchmark.asksForPhrases {
      captions = try records.enumerated().map { index, record in
        try record.map { try CaptionTruth($0, at: index, of: dataset, benchmark) }
      }
    } else {
      captions = []
    }
    let ids = Self.ids(of: records)
    groundTruth = try .init(dataset, records, ids: ids, benchmark)
    if isStrict, !Self.hasOwnTruth(dataset), let fault = dataset.faults.errors.first { throw fault }
    let images = Dictionary(uniqueKeysWithValues: groundTruth.images.enumerated().map { ($1.id, $0) })
    imageIndices = ids.map { $0.flatMap { images[$0] } }
    let classes = Dictionary(uniqueKeysWithValues: groundTruth.classes.enumerated().map { ($1.id, $0) })
    classIndices =
      benchmark.asksForPhrases
      ? []
      : try dataset.classes.map { element in
        guard let index = classes[element.id] else {
          throw EvaluationError(
            .unknownReference,
            "the class \(element.name) has the id \(element.id), which \(dataset.name) does not know")
        }
        return index
      }
    guard !groundTruth.boxes.isEmpty || captions.contains(where: { $0?.phrases.isEmpty == false }) else {
      throw EvaluationError(.invalidParameters, "\(dataset.name) has no object to be found")
    }
  }
}
