import Pictures

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
  public var box: PixelBox

  public init(label: String, labelIndex: Int, span: Range<Int>, score: Double, box: PixelBox) {
    self.label = label
    self.labelIndex = labelIndex
    self.span = span
    self.score = score
    self.box = box
  }
}
