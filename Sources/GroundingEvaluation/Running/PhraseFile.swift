import Foundation
import Pictures

/// Detections of phrases: a list of `image_id`, `phrase`, `bbox` and `score` like COCO's result files, where the image is
/// one of the data set's pairs of picture and caption, the phrase a position, from 0, among those of its caption
/// (`tokens_positive_eval`), and the box x, y, width and height without any "+ 1". Without `phrase` it is the first one:
/// expressions have only that.
enum PhraseFile {
  /// What was found on each record, best first.
  ///
  /// - Throws: `EvaluationError` naming the file and the record.
  static func read(_ file: URL, for data: EvaluationData) throws -> [[FoundObject]] {
    try AnnotationReader.read(file) { reader, scanner in
      guard scanner.peek() == UInt8(ascii: "[") else {
        throw reader.failure(.malformed, "a list of detections in JSON expected")
      }
      let records = Dictionary(
        uniqueKeysWithValues: data.imageIndices.enumerated().compactMap { record, image in
          image.map { (data.groundTruth.images[$0].id, record) }
        })
      var found = [[FoundObject]](repeating: [], count: data.imageIndices.count)
      var (imageID, phrase, box, score): (Int?, Int?, Rectangle?, Double?)
      try reader.records("detection", &scanner) { scanner, name in
        switch name {
        case "image_id": imageID = try scanner.integer()
        case "phrase": phrase = try scanner.integer()
        case "bbox": box = try scanner.rectangle()
        case "score": score = try scanner.number()
        default: try scanner.skip()
        }
      } end: { reader in
        let id = try reader.require(imageID, "image_id")
        guard let record = records[id] else {
          throw reader.failure(.unknownReference, "the data have no image \(id)")
        }
        let label = phrase ?? 0
        let count = data.captions[record]?.phrases.count ?? 0
        guard 0..<count ~= label else {
          throw reader.failure(
            .unknownReference, "the caption of image \(id) has no phrase \(label), but \(count) of them")
        }
        let value = try reader.require(score, "score")
        guard value.isFinite else { throw reader.failure(.malformed, "the score is \(value)") }
        let rectangle = try reader.require(box, "bbox")
        found[record].append(
          FoundObject(
            label: label, score: value,
            box: PixelBox(
              x0: rectangle.x, y0: rectangle.y, x1: rectangle.x + rectangle.width,
              y1: rectangle.y + rectangle.height)))
        (imageID, phrase, box, score) = (nil, nil, nil, nil)
      }
      return found.map { objects in
        // Equal scores stay in the order of the file.
        objects.enumerated().sorted { one, other in
          one.element.score == other.element.score
            ? one.offset < other.offset : one.element.score > other.element.score
        }.map(\.element)
      }
    }
  }

  static func write(_ found: [[FoundObject]], for data: EvaluationData, to file: URL) throws {
    let all = found.enumerated().lazy.flatMap { record, objects in objects.lazy.map { (record, $0) } }
    try JSONList.write(all, to: file) { record, object in
      let id = data.imageIndices[record].map { data.groundTruth.images[$0].id } ?? 0
      let box = object.rectangle(excess: 0)
      return "{\"image_id\":\(id),\"phrase\":\(object.label)"
        + ",\"bbox\":[\(box.x),\(box.y),\(box.width),\(box.height)],\"score\":\(object.score)}"
    }
  }
}
