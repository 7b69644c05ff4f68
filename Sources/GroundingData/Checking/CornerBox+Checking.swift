import Foundation

extension CornerBox {
  /// A box of a file.
  enum Convention {
    /// x, y, width, height (COCO).
    case size
    /// x0, y0, x1, y1, taken as they are (ODVG, the authors' TSV).
    case corners
    /// The same counted from 1 (Pascal VOC).
    case cornersFromOne
  }

  /// Larger than any picture; differences of such numbers are still exact to far less than a pixel.
  private static let largest = 1e9

  /// - Parameter size: of the picture, if it is known.
  /// - Throws: for a box that is nowhere on a picture of that size. One that is so in part is not an error.
  init(_ numbers: [Double], _ convention: Convention, in size: Record.Size?) throws(Fault) {
    guard numbers.count == 4 else { throw Fault("its box has \(numbers.count) numbers instead of four") }
    func fault(_ reason: String) -> Fault {
      Fault("its box [\(numbers.map { String(format: "%g", $0) }.joined(separator: ", "))] \(reason)")
    }
    guard numbers.allSatisfy(\.isFinite) else { throw fault("has a number that is not finite") }
    guard numbers.allSatisfy({ abs($0) <= Self.largest }) else {
      throw fault("has a number that is too large")
    }
    switch convention {
    case .size:
      let (x, y, width, height) = (numbers[0], numbers[1], numbers[2], numbers[3])
      // Not by the corners, whose difference has lost the last digits.
      guard width != 0, height != 0 else { throw fault("has no area") }
      self.init(x0: x, y0: y, x1: x + width - 1, y1: y + height - 1)
    case .corners:
      self.init(x0: numbers[0], y0: numbers[1], x1: numbers[2], y1: numbers[3])
    case .cornersFromOne:
      self.init(x0: numbers[0] - 1, y0: numbers[1] - 1, x1: numbers[2] - 1, y1: numbers[3] - 1)
    }
    guard width >= 0, height >= 0 else { throw fault("has a negative size") }
    guard width > 0, height > 0 else { throw fault("has no area") }
    if let size {
      let isInside = x1 > -1 && y1 > -1 && x0 < Double(size.width) && y0 < Double(size.height)
      guard isInside else { throw fault("lies outside of the picture of \(size) pixels") }
    }
  }
}
