// Layers that drop something at random in training (see `Regularization`) and hand on their input as it is otherwise.
// What is left grows by what was lost, so that the mean stays.

/// Drops single elements (Srivastava et al., JMLR 2014).
public struct Dropout: Sendable {
  /// Share of the elements that become zero.
  public let rate: Double
  private let path: String

  /// - Parameter scope: of the layer that it is a part of
  public init(_ scope: Scope, rate: Double) {
    (self.rate, path) = (rate, scope.path)
  }

  /// Whether a call now drops anything.
  public var isOn: Bool { rate > 0 && Regularization.applies(at: path) }

  public func callAsFunction(_ x: Tensor) throws -> Tensor {
    isOn ? try ATen.dropout(x, rate, true) : x
  }
}

/// Drops the whole update of single samples, so that their residual passes alone (Huang et al., "Deep Networks with
/// Stochastic Depth", ECCV 2016).
public struct DropPath: Sendable {
  /// Share of the samples whose update becomes zero.
  public let rate: Double
  private let path: String

  /// - Parameter scope: of the layer that it is a part of
  public init(_ scope: Scope, rate: Double) {
    (self.rate, path) = (rate, scope.path)
  }

  /// [B, ...] -> the same
  public func callAsFunction(_ x: Tensor) throws -> Tensor {
    guard rate > 0, Regularization.applies(at: path) else { return x }
    let shape = [x.size(0)] + [Int](repeating: 1, count: x.rank - 1)
    let ones = try Tensor.full(shape, 1, dtype: x.dtype, device: x.device)
    return try x * ATen.dropout(ones, rate, true)
  }
}

/// Drops squares of a map, the same in all channels (Ghiasi et al., "DropBlock", NeurIPS 2018).
public struct DropBlock: Sendable {
  /// Squares are begun so often that about this share of the map becomes zero.
  public let rate: Double
  /// Side of a square; odd.
  public let size: Int
  private let path: String

  /// - Parameter scope: of the layer that it is a part of
  public init(_ scope: Scope, rate: Double, size: Int = 3) {
    precondition(size % 2 == 1, "a square has a middle")
    (self.rate, self.size, path) = (rate, size, scope.path)
  }

  /// [B, C, h, w] -> the same
  public func callAsFunction(_ x: Tensor) throws -> Tensor {
    guard rate > 0, Regularization.applies(at: path) else { return x }
    let keep = try withoutGradient {
      let draws = try Tensor.randomUniform([x.size(0), 1, x.size(2), x.size(3)], device: x.device)
      let middles = try (draws < rate / Double(size * size)).to(.float32)
      let dropped = try ATen.maxPool(middles, [size, size], [1, 1], [size / 2, size / 2])
      let keep = try -dropped + 1
      return try (keep / keep.mean([0, 1, 2, 3]).clamped(min: 1e-6)).to(x.dtype)
    }
    return try x * keep
  }
}
