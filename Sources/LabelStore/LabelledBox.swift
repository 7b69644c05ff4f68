/// A box on a picture.
package struct LabelledBox: Sendable, Hashable, Encodable {
  package var label: String
  /// Left and upper edge and size, in pixels of the upright picture.
  package var x, y, width, height: Double
  /// How sure the network is, 0 to 1; nil for a box that somebody has drawn or corrected.
  package var score: Double?

  package init(
    label: String, x: Double, y: Double, width: Double, height: Double, score: Double? = nil
  ) {
    (self.label, self.x, self.y, self.width, self.height) = (label, x, y, width, height)
    self.score = score
  }

  private enum CodingKeys: CodingKey { case label, bbox, score }

  /// As COCO has it, but for the name in place of its number.
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(label, forKey: .label)
    try container.encode([x, y, width, height], forKey: .bbox)
    try container.encodeIfPresent(score, forKey: .score)
  }

  /// Whether it lies in a picture and has a size, but for what rounding may do.
  func fits(width pictureWidth: Int, height pictureHeight: Int) -> Bool {
    let slack = 1e-3
    return [x, y, width, height].allSatisfy(\.isFinite) && width > 0 && height > 0
      && x >= -slack && x + width <= Double(pictureWidth) + slack
      && y >= -slack && y + height <= Double(pictureHeight) + slack
      && score.map((0...1).contains) ?? true
  }
}

/// All boxes of a picture.
package struct PictureBoxes: Sendable, Hashable, Encodable {
  package let state: LabelledPicture.State
  /// Says which version this is; a change has to name the one it changes.
  package let revision: Int
  package let boxes: [LabelledBox]
}
