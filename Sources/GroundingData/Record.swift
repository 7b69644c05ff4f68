import Pictures

/// What a data set says of one picture, whatever file it stands in.
public struct Record: Sendable, Hashable {
  /// The picture's id in its data set, as text; an MDETR-style file has one for every pair of picture and caption.
  public var id: String
  public var picture: PictureSource
  /// Size of the picture in pixels, where the annotations tell.
  public var size: Size?
  public var text: Text
  public var objects: [Object]

  public struct Size: Sendable, Hashable {
    public var width, height: Int

    public init(width: Int, height: Int) { (self.width, self.height) = (width, height) }
  }

  /// What the objects are named by.
  public enum Text: Sendable, Hashable {
    /// The data set's list of classes; objects have a `classIndex`.
    case classes
    /// A sentence; objects have `spans` in it.
    case caption(String)
  }

  public struct Object: Sendable, Hashable {
    /// In pixels of the picture.
    public var box: CornerBox
    /// Position in `GroundingDataset.classes`.
    public var classIndex: Int?
    /// Words of the caption that name the object, in Unicode scalars.
    public var spans: [Range<Int>]
    /// Whether the box holds several objects that were not told apart; not trained on.
    public var isCrowd: Bool
    /// Of a labelling network, 0 to 1.
    public var score: Double?
    /// In square pixels, where the annotations tell (COCO: of the segmentation).
    public var area: Double?

    public init(
      box: CornerBox, classIndex: Int? = nil, spans: [Range<Int>] = [], isCrowd: Bool = false,
      score: Double? = nil, area: Double? = nil
    ) {
      (self.box, self.classIndex, self.spans) = (box, classIndex, spans)
      (self.isCrowd, self.score, self.area) = (isCrowd, score, area)
    }
  }

  public init(id: String, picture: PictureSource, size: Size? = nil, text: Text, objects: [Object]) {
    (self.id, self.picture, self.size, self.text, self.objects) = (id, picture, size, text, objects)
  }
}

/// A box by its first and last pixel, the convention of the authors' code throughout: it is `x1 - x0 + 1` pixels wide.
/// A COCO box x, y, width, height has the corners x, y, x + width - 1, y + height - 1.
public struct CornerBox: Sendable, Hashable {
  public var x0, y0, x1, y1: Double

  public init(x0: Double, y0: Double, x1: Double, y1: Double) {
    (self.x0, self.y0, self.x1, self.y1) = (x0, y0, x1, y1)
  }

  public var width: Double { x1 - x0 + 1 }
  public var height: Double { y1 - y0 + 1 }
}

/// A class of a detection data set.
public struct ObjectClass: Sendable, Hashable, Codable {
  /// Its id in the annotation file, which need not start at 0 nor be without gaps.
  public var id: Int
  public var name: String

  public init(id: Int, name: String) { (self.id, self.name) = (id, name) }
}

/// A collection of annotated pictures. Readers of all formats are such; they index their files when opened and read a
/// record when it is asked for, from any thread.
public protocol GroundingDataset: Sendable {
  /// For messages and statistics.
  var name: String { get }
  /// Empty where every picture has a caption of its own.
  var classes: [ObjectClass] { get }
  var count: Int { get }

  /// - Throws: `DatasetError` naming file, record and reason.
  func record(at index: Int) throws -> Record

  /// Size of a picture without reading it, where the annotations tell.
  func size(at index: Int) -> Record.Size?
}
