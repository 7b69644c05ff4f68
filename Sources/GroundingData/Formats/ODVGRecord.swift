/// The annotation of one picture in ODVG's form.
struct ODVGRecord {
  let object: JSONObject
  let classes: ClassList

  /// The text and the objects. A fault of one object is handed to `note`.
  func content(
    in size: Record.Size?, note: (Fault) throws -> Void
  ) throws -> (text: Record.Text, objects: [Record.Object]) {
    if object["grounding"] != nil { return try grounding(in: size, note: note) }
    guard object["detection"] != nil else { throw Fault("there is neither 'detection' nor 'grounding'") }
    var objects: [Record.Object] = []
    for (number, value) in try object.object("detection").array("instances").enumerated() {
      do { objects.append(try instance(value, in: size)) } catch { try note(error.of("instance", number)) }
    }
    return (.classes, objects)
  }

  private func instance(_ value: JSONValue, in size: Record.Size?) throws(Fault) -> Record.Object {
    guard case .object(let instance) = value else { throw Fault("it is not an object") }
    let box = try CornerBox(instance.numbers("bbox"), .corners, in: size)
    let score = instance["score"] == nil ? nil : try instance.number("score")
    let position =
      if instance["label"] != nil {
        try classes.position(ofID: instance.integer("label"))
      } else {
        try classes.position(ofName: instance.string("category"))
      }
    return Record.Object(box: box, classIndex: position, score: score)
  }

  private func grounding(
    in size: Record.Size?, note: (Fault) throws -> Void
  ) throws -> (text: Record.Text, objects: [Record.Object]) {
    let grounding = try object.object("grounding")
    let caption = try grounding.string("caption")
    var objects: [Record.Object] = []
    for (number, value) in try grounding.array("regions").enumerated() {
      do { objects += try region(value, of: caption, in: size) } catch {
        try note(error.of("region", number))
      }
    }
    return (.caption(caption), objects)
  }

  /// One phrase, or several, of one box, or several.
  private func region(
    _ value: JSONValue, of caption: String, in size: Record.Size?
  ) throws(Fault) -> [Record.Object] {
    guard case .object(let region) = value else { throw Fault("it is not an object") }
    var spans: [Range<Int>] = []
    if region["tokens_positive"] != nil {
      spans = try region.spans("tokens_positive", count: caption.unicodeScalars.count)
    } else if case .array(let phrases)? = region["phrase"] {
      for phrase in phrases {
        guard case .string(let phrase) = phrase else {
          throw Fault("'phrase' is not a string or a list of strings")
        }
        spans.append(try CaptionSpans.find(phrase, in: caption))
      }
    } else {
      spans = [try CaptionSpans.find(region.string("phrase"), in: caption)]
    }
    let score = region["score"] == nil ? nil : try region.number("score")
    var objects: [Record.Object] = []
    for numbers in try region.boxes("bbox") {
      objects.append(
        Record.Object(box: try CornerBox(numbers, .corners, in: size), spans: spans, score: score))
    }
    return objects
  }
}

extension Fault {
  /// - Parameter index: from 0.
  fileprivate func of(_ kind: String, _ index: Int) -> Fault { Fault("\(kind) \(index + 1): \(reason)") }
}

extension JSONObject {
  /// One box, or a list of them.
  func boxes(_ name: String) throws(Fault) -> [[Double]] {
    let values = try array(name)
    if let numbers = values.numbers, !numbers.isEmpty { return [numbers] }
    var boxes: [[Double]] = []
    for value in values {
      guard case .array(let box) = value, let numbers = box.numbers else {
        throw Fault("'\(name)' is not a box or a list of boxes")
      }
      boxes.append(numbers)
    }
    return boxes
  }
}
