import Foundation
import GLIP

/// One detection as JSON: an element of COCO's results list, with the label and its words beside it.
///
/// It has no memory of its own beside its place in a list: a video may have very many.
struct DetectionRecord: Encodable {
  let file: String
  /// Position of the picture among those given, or of the frame in its video, from 1.
  let imageID: Int
  /// Position in the class list or among the caption's phrases, from 1.
  let categoryID: Int
  let label: String
  /// Begin and end of the label's words in the prompt, in Unicode scalars.
  let span: Range<Int>
  /// x, y, width, height in pixels of the picture.
  let bbox: SIMD4<Float>
  let score: Float
  /// Position in a video, from 1; of pictures it is left out.
  let frame: Int?
  /// Seconds after the video's first frame, to the millisecond.
  let time: Double?

  private enum CodingKeys: String, CodingKey {
    case file
    case imageID = "image_id"
    case categoryID = "category_id"
    case label, span, bbox, score, frame, time
  }

  /// - Parameter time: of a video's frame; nil for a picture.
  init(_ detection: Detection, file: String, image: Int, time: Double? = nil) {
    self.file = file
    imageID = image
    categoryID = detection.labelIndex + 1
    label = detection.label
    span = detection.span
    let box = detection.box
    bbox = SIMD4(Float(box.x0), Float(box.y0), Float(box.width), Float(box.height))
    score = Float(detection.score)
    frame = time == nil ? nil : image
    self.time = time.map { ($0 * 1000).rounded() / 1000 }
  }
}

/// Where detections go as JSON: one array, a detection on each line.
struct DetectionList {
  /// Nil for the standard output.
  private let file: Destination?
  var isStandardOutput: Bool { file == nil }

  /// - Parameter path: a file, or `-` for the standard output.
  init(_ path: String, keeping inputs: [String]) throws {
    file = path == "-" ? nil : try Destination(path, keeping: inputs)
  }

  func prepare() throws { try file?.makeFolder() }

  func write(_ records: [DetectionRecord]) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let lines = try records.map { String(decoding: try encoder.encode($0), as: UTF8.self) }
    let text = lines.isEmpty ? "[]" : "[\n\(lines.joined(separator: ",\n"))\n]"
    guard let file else { return try say(text) }
    try file.write(Data((text + "\n").utf8))
  }
}
