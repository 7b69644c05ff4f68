import GroundingData
import Torch

/// The objects of a batch, each cut out of its picture as a square of one size.
///
/// Windows of the picture encoder are several such squares wide where its maps are coarse; so that they are not filled up
/// with nothing, squares are laid side by side in mosaics of 256 pixels.
package struct CutOuts {
  /// Positions of the objects in the list of classes.
  package let classes: [Int]
  /// [⌈objects / squares of a mosaic⌉, 3, 256, 256], at least one
  package let mosaics: Tensor
  /// Squares from side to side of a mosaic.
  package let across: Int

  private static let mosaicSide = 256
  /// Sides of squares, in pixels: the coarsest map has 32 to a place.
  static let sides = [32, 64, 128, 256]
  /// Sides of boxes below which there is nothing to see, in pixels.
  private static let smallestSide = 12.0

  /// - Parameters:
  ///   - side: of a square, one of `sides`
  ///   - generator: moves and widens the squares; nil for the same ones always
  package init(_ batch: Batch, side: Int, using generator: inout SeededGenerator?) throws {
    across = Self.mosaicSide / side
    let target = [side, side]
    var classes: [Int] = []
    var squares: [Tensor] = []
    for (index, targets) in batch.targets.enumerated() {
      let size = batch.sizes[index]
      for (box, label) in zip(targets.boxes, targets.classes) {
        let (width, height) = (box.x1 - box.x0, box.y1 - box.y0)
        guard let label, max(width, height) >= Self.smallestSide else { continue }
        func any(_ range: ClosedRange<Double>, or fixed: Double) -> Double {
          generator == nil ? fixed : .random(in: range, using: &generator!)
        }
        let reach = max(width, height) * any(1...1.5, or: 1.2) / 2
        let (dx, dy) = (reach * any(-0.2...0.2, or: 0), reach * any(-0.2...0.2, or: 0))
        func pixels(_ center: Double, _ limit: Int) -> Range<Int> {
          let first = min(max(Int((center - reach).rounded()), 0), limit - 1)
          return first..<min(max(Int((center + reach).rounded()), first + 1), limit)
        }
        let square = try batch.pixels.sliced(0, index..<index + 1)
          .sliced(2, pixels((box.y0 + box.y1) / 2 + dy, size.height))
          .sliced(3, pixels((box.x0 + box.x1) / 2 + dx, size.width))
        squares.append(
          try square.size(2) >= side && square.size(3) >= side
            ? square.averaged(to: target) : square.upsampledBilinear(target, alignCorners: false))
        classes.append(label)
      }
    }
    let count = squares.count
    // Without any object there is an empty mosaic, so that all processes take the same steps.
    let missing =
      (across * across - count % (across * across)) % (across * across) + (count == 0 ? across * across : 0)
    if missing > 0 { squares.append(try Tensor.zeros([missing, 3, side, side])) }
    self.classes = classes
    mosaics = try Tensor.concatenated(squares, dimension: 0)
      .reshaped(-1, across, across, 3, side, side)
      .permuted(0, 3, 1, 4, 2, 5)
      .reshaped(-1, 3, Self.mosaicSide, Self.mosaicSide)
  }

  /// The mean of a map over each object.
  ///
  /// - Parameter map: of the mosaics, [mosaics, C, h, w]
  /// - Returns: [objects, C], one where there is none
  package func averages(of map: Tensor) throws -> Tensor {
    let channels = map.size(1)
    return try map.reshaped(
      map.size(0), channels, across, map.size(2) / across, across, map.size(3) / across
    ).mean([3, 5]).permuted(0, 2, 3, 1).reshaped(-1, channels).sliced(0, 0..<max(classes.count, 1))
  }
}
