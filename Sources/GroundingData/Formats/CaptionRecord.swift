/// The annotation of one picture in the form of the authors' caption data: parallel lists of boxes, scores and spans,
/// one box an entry (version 1) or a list of boxes an entry (version 2).
struct CaptionRecord {
  let object: JSONObject

  var size: Record.Size? {
    get throws(Fault) {
      if let size = try object.size(width: "img_w", height: "img_h") { return size }
      return try object.size(width: "width", height: "height")
    }
  }

  /// The objects, none where there are no boxes. A fault of one entry is handed to `note`.
  func objects(of caption: String, in size: Record.Size?, note: (Fault) throws -> Void) throws -> [Record
    .Object]
  {
    guard object["bboxes"] != nil else { return [] }
    let boxes = try object.array("bboxes")
    let spans = try object.array("tokens_positive")
    let scores = object["scores"] == nil ? nil : try object.array("scores")
    guard spans.count == boxes.count, (scores ?? boxes).count == boxes.count else {
      throw Fault("'bboxes', 'tokens_positive' and 'scores' are not of one length")
    }
    let length = caption.unicodeScalars.count
    var objects: [Record.Object] = []
    for index in boxes.indices {
      do {
        let spans = try spans[index].spans("tokens_positive", count: length)
        let entry = JSONObject(members: [("bboxes", boxes[index])])
        let scores = try scores.map { values throws(Fault) in try Self.scores(values[index]) }
        let boxes = try entry.boxes("bboxes")
        guard scores?.count ?? boxes.count == boxes.count else {
          throw Fault("it has not one score for each box")
        }
        for (position, numbers) in boxes.enumerated() {
          let box = try CornerBox(numbers, .corners, in: size)
          objects.append(Record.Object(box: box, spans: spans, score: scores?[position]))
        }
      } catch let fault as Fault { try note(Fault("box \(index + 1): \(fault.reason)")) }
    }
    return objects
  }

  /// One score, or a list of them.
  private static func scores(_ value: JSONValue) throws(Fault) -> [Double] {
    var numbers: [Double]? = value.number.map { [$0] }
    if case .array(let values) = value { numbers = values.numbers }
    guard let numbers, numbers.allSatisfy(\.isFinite) else {
      throw Fault("'scores' is not a list of finite numbers")
    }
    return numbers
  }
}
