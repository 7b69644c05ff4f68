import GLIP
import Pictures

/// An object that a network has found on a record of a data set.
public struct FoundObject: Sendable, Hashable {
  /// Position of its class in the data set's list, or of its phrase among those of the caption.
  public var label: Int
  /// Any finite number, the higher the surer.
  public var score: Double
  /// In pixels of the picture.
  public var box: PixelBox

  public init(label: Int, score: Double, box: PixelBox) {
    (self.label, self.score, self.box) = (label, score, box)
  }

  public init(_ detection: Detection) {
    self.init(label: detection.labelIndex, score: detection.score, box: detection.box)
  }

  /// - Parameter excess: see `Benchmark.sideExcess`.
  func rectangle(excess: Double) -> Rectangle {
    Rectangle(
      x: box.x0, y: box.y0, width: box.x1 - box.x0 + excess, height: box.y1 - box.y0 + excess)
  }
}
