import Checkpoints
import Foundation

/// Detections as COCO's result files have them: a list of `image_id`, `category_id`, `bbox` and `score`.
public enum DetectionsFile {
  /// Reads the detections on a ground truth's pictures.
  ///
  /// - Throws: `EvaluationError` naming the file and the record: one that lacks a value, has a number that is not
  ///   finite, or the id of a picture or class that the ground truth does not have.
  public static func read(_ file: URL, for groundTruth: GroundTruth) throws -> ContiguousArray<DetectedBox> {
    try AnnotationReader.read(file) { try read(&$0, &$1, groundTruth) }
  }

  /// Reads detections that are in memory.
  public static func read(json: Data, for groundTruth: GroundTruth) throws -> ContiguousArray<DetectedBox> {
    try AnnotationReader.read(json) { try read(&$0, &$1, groundTruth) }
  }

  private static func read(
    _ reader: inout AnnotationReader, _ scanner: inout JSONScanner, _ groundTruth: GroundTruth
  ) throws -> ContiguousArray<DetectedBox> {
    guard scanner.peek() == UInt8(ascii: "[") else {
      throw reader.failure(.malformed, try Self.otherFormat(&scanner))
    }
    let imageIndices = Dictionary(zip(groundTruth.images.map(\.id), 0...)) { first, _ in first }
    let classIndices = Dictionary(zip(groundTruth.classes.map(\.id), 0...)) { first, _ in first }
    var detections: ContiguousArray<DetectedBox> = []
    var (imageID, categoryID, box, score): (Int?, Int?, Rectangle?, Double?)
    try reader.records("detection", &scanner) { scanner, name in
      switch name {
      case "image_id": imageID = try scanner.integer()
      case "category_id": categoryID = try scanner.integer()
      case "bbox": box = try scanner.rectangle()
      case "score": score = try scanner.number()
      default: try scanner.skip()
      }
    } end: { reader in
      let imageID = try reader.require(imageID, "image_id")
      let categoryID = try reader.require(categoryID, "category_id")
      guard let imageIndex = imageIndices[imageID] else {
        throw reader.failure(.unknownReference, "the ground truth has no image \(imageID)")
      }
      guard let classIndex = classIndices[categoryID] else {
        throw reader.failure(.unknownReference, "the ground truth has no category \(categoryID)")
      }
      let score = try reader.require(score, "score")
      guard score.isFinite else { throw reader.failure(.malformed, "the score is \(score)") }
      detections.append(
        DetectedBox(
          imageIndex: imageIndex, classIndex: classIndex, rectangle: try reader.require(box, "bbox"),
          score: score))
      clear()
    }
    return detections

    func clear() { (imageID, categoryID, box, score) = (nil, nil, nil, nil) }
  }

  /// What a file is that is no list.
  private static func otherFormat(_ scanner: inout JSONScanner) throws -> String {
    guard scanner.peek() == UInt8(ascii: "{") else { return "a list of detections in JSON expected" }
    var names: [String] = []
    try scanner.object { scanner, name in
      names.append(name.text)
      try scanner.skip()
    }
    if names.contains("images") && names.contains("annotations") {
      return "a list of detections expected, not a ground truth"
    }
    let list = names.prefix(5).map { "'\($0)'" }.joined(separator: ", ")
    return "a list of detections expected, not an object with \(names.isEmpty ? "nothing in it" : list)"
  }

  /// Writes detections; the file appears when it is complete.
  ///
  /// - Throws: `EvaluationError` where the file cannot be written or a detection is not of the ground truth.
  public static func write(
    _ detections: some Collection<DetectedBox>, of groundTruth: GroundTruth, to file: URL
  ) throws {
    try groundTruth.check(detections)
    try JSONList.write(detections, to: file) { detection in
      let box = detection.rectangle
      return "{\"image_id\":\(groundTruth.images[detection.imageIndex].id)"
        + ",\"category_id\":\(groundTruth.classes[detection.classIndex].id)"
        + ",\"bbox\":[\(box.x),\(box.y),\(box.width),\(box.height)],\"score\":\(detection.score)}"
    }
  }
}

/// A list that is written piece by piece, and appears when it is complete.
enum JSONList {
  /// - Parameter text: an element in JSON.
  static func write<Elements: Sequence>(
    _ elements: Elements, to file: URL, text: (Elements.Element) throws -> String
  ) throws {
    var buffer: [UInt8] = [UInt8(ascii: "[")]
    do {
      let output = try ReplacementFile(for: file)
      func flush() throws {
        try buffer.withUnsafeBytes { try output.write($0) }
        buffer.removeAll(keepingCapacity: true)
      }
      var separator = "\n"
      for element in elements {
        buffer += separator.utf8
        buffer += try text(element).utf8
        separator = ",\n"
        if buffer.count > 1 << 20 { try flush() }
      }
      buffer += "\n]\n".utf8
      try flush()
      try output.commit()
    } catch let error as CheckpointError {
      throw EvaluationError(.inaccessible, file: file, error.reason)
    }
  }
}
