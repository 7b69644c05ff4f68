/// An object found: where it is, and which words of the prompt it answers to.
public struct Detection: Sendable, Hashable {
  /// The class name, or the phrase of the caption.
  public var label: String
  /// Position of the label in the class list, or of the phrase in the caption, from 0.
  public var labelIndex: Int
  /// Where the label's words stand in the prompt's text, in Unicode scalars.
  public var span: Range<Int>
  /// Confidence, 0 to 1: the root of alignment score times centerness.
  public var score: Double
  /// In pixels of the original picture.
  public var box: Box

  public init(label: String, labelIndex: Int, span: Range<Int>, score: Double, box: Box) {
    self.label = label
    self.labelIndex = labelIndex
    self.span = span
    self.score = score
    self.box = box
  }
}

/// A rectangle in pixels, from the left upper corner (x0, y0) to the right lower (x1, y1).
public struct Box: Sendable, Hashable {
  public var x0: Double
  public var y0: Double
  public var x1: Double
  public var y1: Double

  public init(x0: Double, y0: Double, x1: Double, y1: Double) {
    self.x0 = x0
    self.y0 = y0
    self.x1 = x1
    self.y1 = y1
  }

  public var width: Double { x1 - x0 }
  public var height: Double { y1 - y0 }
}
