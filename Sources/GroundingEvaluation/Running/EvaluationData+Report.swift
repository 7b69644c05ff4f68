import Foundation
import GroundingData

extension EvaluationData {
  /// Writes what an evaluation has shown as a folder of plots and pictures with one page, `index.html`: an
  /// `EvaluationReport` for classes, a `PhraseReport` for captions.
  ///
  /// - Parameters:
  ///   - found: what was measured
  ///   - measurement: its figures, shown at the top
  ///   - classes: positions in `groundTruth.classes` of the classes that were measured; nil for all
  ///   - folder: an earlier report there is replaced
  /// - Throws: `EvaluationError` where the folder cannot be written, or holds anything but a report.
  public func writeReport(
    on found: FoundObjects, _ measurement: EvaluationFigures, classes: Set<Int>? = nil, to folder: URL
  ) throws {
    switch found {
    case .boxes(let boxes):
      try EvaluationReport(
        title: dataset.name, groundTruth: groundTruth, detections: boxes, dataset: pictures, classes: classes,
        precisions: precisions(of: boxes), figures: measurement.figures
      ).write(to: folder)
    case .phrases(let objects):
      try PhraseReport(
        title: dataset.name, captions: reported(objects), dataset: dataset, figures: measurement.figures
      ).write(to: folder)
    }
  }

  /// The records in the order of the ground truth's pictures.
  private var pictures: Subset {
    var records = [Int](repeating: 0, count: groundTruth.images.count)
    for (record, image) in imageIndices.enumerated() {
      if let image { records[image] = record }
    }
    return Subset(dataset, records)
  }

  /// The curves of LVIS; nil where they are COCO's.
  private func precisions(of boxes: ContiguousArray<DetectedBox>) throws -> PrecisionTable? {
    guard benchmark == .lvis || benchmark == .lvisFixed else { return nil }
    return try LVISEvaluation(
      groundTruth: groundTruth, detections: boxes, limit: benchmark == .lvis ? .standard : .fixed
    ).result
  }

  private func reported(_ found: [[FoundObject]]) -> [PhraseReport.Caption] {
    zip(captions, found).enumerated().compactMap { index, pair in
      pair.0.map { caption in
        let phrases = caption.phrases.indices.map { position in
          PhraseReport.Phrase(
            span: caption.phrases[position].span, boxes: counted(caption, position, pair.1))
        }
        return PhraseReport.Caption(recordIndex: index, text: caption.text, phrases: phrases)
      }
    }
  }

  /// A phrase with the boxes that were found for it.
  func counted(_ caption: CaptionTruth, _ position: Int, _ found: [FoundObject]) -> PhraseRecall.Phrase {
    let phrase = caption.phrases[position]
    return PhraseRecall.Phrase(
      types: phrase.types, objectBoxes: phrase.boxes,
      foundBoxes: found.filter { $0.label == position }.map { $0.rectangle(excess: benchmark.sideExcess) })
  }
}
