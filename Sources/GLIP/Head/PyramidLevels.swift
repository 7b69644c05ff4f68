import Torch

/// Maps of several resolutions, P3…P7, one after the other in one tensor: what attention sees as one sequence of
/// positions and a convolution as five pictures.
package struct PyramidLevels: Sendable {
  /// [B, N, C], N positions of all levels, rows first.
  package let rows: Tensor
  package let shapes: [Shape]

  package struct Shape: Sendable, Hashable {
    package let height, width: Int
    package var positions: Int { height * width }

    package init(height: Int, width: Int) { (self.height, self.width) = (height, width) }

    /// Of P3…P7 for a picture of the given sides.
    package static func pyramid(height: Int, width: Int) -> [Shape] {
      Anchors.strides.map { Shape(height: (height + $0 - 1) / $0, width: (width + $0 - 1) / $0) }
    }
  }

  package init(rows: Tensor, shapes: [Shape]) {
    self.rows = rows
    self.shapes = shapes
  }

  /// - Parameter maps: [B, C, h, w] each
  package init(_ maps: [Tensor]) throws {
    shapes = maps.map { Shape(height: $0.size(2), width: $0.size(3)) }
    rows = try Tensor.concatenated(maps.map(AlignmentHead.positions), dimension: 1)
  }

  /// The levels as maps [B, C, h, w], views of `rows`.
  package var maps: [Tensor] {
    get throws {
      try zip(rows.split(shapes.map(\.positions), dimension: 1), shapes).map { part, shape in
        try part.reshaped(part.size(0), shape.height, shape.width, -1).permuted(0, 3, 1, 2)
      }
    }
  }

  /// Room for other maps of the same shape.
  package func emptyCopy() throws -> PyramidLevels {
    PyramidLevels(rows: try Tensor.empty(rows.shape, dtype: rows.dtype, device: rows.device), shapes: shapes)
  }
}
