/// What became of one sample: a line of a journal.
package struct LabelEntry: Sendable, Hashable {
  /// Position in the data set.
  package var index: Int
  /// The record's id, by which it is told that the data set is still the same.
  package var id: String
  package var size: Record.Size
  package var objects: [Record.Object] = []
  package var counts = LabelCounts()
  /// Why the sample could not be labelled.
  package var failure: String?

  package init(index: Int, id: String, size: Record.Size = .init(width: 0, height: 0), failure: String? = nil)
  {
    (self.index, self.id, self.size, self.failure) = (index, id, size, failure)
  }
}

extension LabelEntry {
  var json: String {
    let objects = objects.map { object in
      JSONText.object([
        ("box", JSONText.numbers(object.box.corners)), ("class", object.classIndex.map { String($0) }),
        ("spans", object.spans.isEmpty ? nil : JSONText.spans(object.spans)),
        ("score", object.score.map(JSONText.number)),
      ])
    }
    return JSONText.object([
      ("index", "\(index)"), ("id", JSONText.string(id)), ("size", "[\(size.width), \(size.height)]"),
      ("objects", JSONText.list(objects)), ("counts", counts.json),
      ("failure", failure.map(JSONText.string)),
    ])
  }

  init(_ object: JSONObject) throws(Fault) {
    let sides = try object.integers("size")
    guard sides.count == 2 else { throw Fault("'size' is not a width and a height") }
    self.init(
      index: try object.integer("index"), id: try object.string("id"),
      size: Record.Size(width: sides[0], height: sides[1]))
    for value in try object.array("objects") {
      guard case .object(let object) = value else { throw Fault("an object is none") }
      let box = try object.numbers("box")
      guard box.count == 4 else { throw Fault("'box' has not four numbers") }
      objects.append(
        Record.Object(
          box: CornerBox(x0: box[0], y0: box[1], x1: box[2], y1: box[3]),
          classIndex: object["class"] == nil ? nil : try object.integer("class"),
          spans: object["spans"] == nil ? [] : try object.spans("spans", count: .max),
          score: object["score"] == nil ? nil : try object.number("score")))
    }
    counts = try LabelCounts(object.object("counts"))
    failure = object["failure"] == nil ? nil : try object.string("failure")
  }
}
