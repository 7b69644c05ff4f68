/// A rectangle in pixels; x grows to the right, y downwards, (0, 0) is the outer corner of the first pixel.
public struct PixelBox: Sendable, Hashable {
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

  package var isFinite: Bool { x0.isFinite && y0.isFinite && x1.isFinite && y1.isFinite }

  /// The same rectangle with corners in order.
  var sorted: PixelBox {
    PixelBox(x0: min(x0, x1), y0: min(y0, y1), x1: max(x0, x1), y1: max(y0, y1))
  }

  /// The box moved by less than a pixel and cut to a picture's size, so that lines of a whole width along
  /// it fill whole pixels of the picture.
  func snapped(width: Double, height: Double, lineWidth: Double) -> PixelBox {
    let half = lineWidth / 2
    func snap(_ value: Double, _ length: Double) -> Double {
      max(half, min((value - half).rounded() + half, length - half))
    }
    return PixelBox(x0: snap(x0, width), y0: snap(y0, height), x1: snap(x1, width), y1: snap(y1, height))
  }

  /// The area in common, in square pixels.
  func overlap(_ other: PixelBox) -> Double {
    max(0, min(x1, other.x1) - max(x0, other.x0)) * max(0, min(y1, other.y1) - max(y0, other.y0))
  }
}

/// A box to draw, with its label.
public struct Annotation: Sendable, Hashable {
  /// In pixels of the picture; what lies outside of it is left out.
  public var box: PixelBox
  /// Text in any script, on one line.
  public var label: String
  /// From 0 to 1, written after the label. Higher scores are drawn over lower ones.
  public var score: Double?
  /// Which colour: equal indices look alike, different ones look different.
  public var colorIndex: Int
  /// Dashed boxes are drawn over the others, so that both are seen where they run together.
  public var isDashed: Bool
  /// Times the style's width of the lines.
  public var lineScale: Double

  public init(
    box: PixelBox, label: String, score: Double? = nil, colorIndex: Int = 0, isDashed: Bool = false,
    lineScale: Double = 1
  ) {
    self.box = box
    self.label = label
    self.score = score
    self.colorIndex = colorIndex
    self.isDashed = isDashed
    self.lineScale = lineScale
  }

  /// The text on the plate.
  var text: String {
    let line = label.map { $0.isNewline || $0.unicodeScalars.contains { $0.value < 32 } ? " " : String($0) }
    guard let score, score.isFinite else { return line.joined() }
    let percent = Int((min(max(score, 0), 1) * 100).rounded())
    return line.joined() + (label.isEmpty ? "" : " ") + "\(percent)%"
  }
}

/// How annotations look. Sizes that are nil follow the size of the picture.
public struct AnnotationStyle: Sendable, Hashable {
  /// Width of the lines, in pixels.
  public var lineWidth: Double?
  /// Height of the text's em square, in pixels; less where the picture is too low for it.
  public var fontSize: Double?
  /// A family known to fontconfig; glyphs it lacks come from others.
  public var fontFamily: String
  /// Whether scores are written.
  public var showsScores: Bool

  public static let `default` = AnnotationStyle()

  public init(
    lineWidth: Double? = nil, fontSize: Double? = nil, fontFamily: String = "DejaVu Sans",
    showsScores: Bool = true
  ) {
    self.lineWidth = lineWidth
    self.fontSize = fontSize
    self.fontFamily = fontFamily
    self.showsScores = showsScores
  }
}
