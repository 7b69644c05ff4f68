/// A prompt, and the boxes that its words are tied to.
public struct GroundedText: Sendable, Hashable {
  public var caption: String
  public var objects: [Sample.Object]

  public init(caption: String, objects: [Sample.Object]) { (self.caption, self.objects) = (caption, objects) }
}

extension [Record.Object] {
  /// The objects that are trained on: no crowds, boxes cut to the picture, and none that is a line or a point
  /// then.
  package func cut(toWidth width: Int, height: Int) -> [Record.Object] {
    let (right, bottom) = (Double(width - 1), Double(height - 1))
    return compactMap { object in
      guard !object.isCrowd else { return nil }
      var object = object
      object.box = CornerBox(
        x0: Swift.min(Swift.max(object.box.x0, 0), right), y0: Swift.min(Swift.max(object.box.y0, 0), bottom),
        x1: Swift.min(Swift.max(object.box.x1, 0), right), y1: Swift.min(Swift.max(object.box.y1, 0), bottom))
      return object.box.x1 > object.box.x0 && object.box.y1 > object.box.y0 ? object : nil
    }
  }
}
