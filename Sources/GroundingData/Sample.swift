import GLIP
import Pictures

/// What the network is trained on: a picture, a text, and boxes tied to words of the text. Detection and grounding data
/// both become this (paper, section 3.1).
public struct Sample: Sendable {
  /// The record's id, for messages.
  public var id: String
  public var picture: Picture
  /// The prompt, as the network gets it.
  public var caption: String
  public var objects: [Object]
  /// What masked language modelling may ask for.
  public var asked: Asked

  public struct Object: Sendable, Hashable {
    /// In pixels of `picture`.
    public var box: CornerBox
    /// Words of the caption that name it, in Unicode scalars; empty for an object of nothing that the text names.
    public var spans: [Range<Int>]
    /// Position in the data set's list of classes, for evaluation.
    public var classIndex: Int?

    public init(box: CornerBox, spans: [Range<Int>], classIndex: Int? = nil) {
      (self.box, self.spans, self.classIndex) = (box, spans, classIndex)
    }
  }

  public enum Asked: Sendable, Hashable {
    /// The caption stays as it is.
    case nothing
    /// Words that name objects: of a list of classes, those that are not on the picture could be any.
    case objects
    /// Every word.
    case everything
  }

  public init(id: String, picture: Picture, caption: String, objects: [Object], asked: Asked = .nothing) {
    (self.id, self.picture, self.caption, self.objects, self.asked) = (id, picture, caption, objects, asked)
  }
}

/// What one picture of a batch should give, in pixels of the resized picture and tokens of its prompt.
public struct PictureTargets: Sendable, Hashable {
  public var boxes: [CornerBox]
  /// For each box the tokens that it is tied to; may be none.
  public var tokens: [[Range<Int>]]
  /// For each box its position in the data set's list of classes, where it has one.
  public var classes: [Int?]
  /// Tokens that masked language modelling asks for where it hides them; nil where it leaves the prompt as it is.
  public var asked: [Range<Int>]?

  /// - Parameter classes: nil where no box has one
  public init(
    boxes: [CornerBox], tokens: [[Range<Int>]], classes: [Int?]? = nil, asked: [Range<Int>]? = nil
  ) {
    (self.boxes, self.tokens, self.asked) = (boxes, tokens, asked)
    self.classes = classes ?? boxes.map { _ in nil }
  }
}
