import Torch

infix operator %% : MultiplicationPrecedence

/// The remainder that has the divisor's sign: `-5 %% 4 == 3`, what is missing to the next multiple.
func %% (value: Int, divisor: Int) -> Int {
  let remainder = value % divisor
  return remainder < 0 ? remainder + divisor : remainder
}

/// How a map of h x w patches is cut into windows, after padding to whole windows and a cyclic shift.
struct WindowGrid: Sendable {
  let height: Int
  let width: Int
  let window: Int
  let shift: Int

  private var paddedHeight: Int { height + -height %% window }
  private var paddedWidth: Int { width + -width %% window }
  private var rows: Int { paddedHeight / window }
  private var columns: Int { paddedWidth / window }

  /// [B, h, w, C] -> [B · windows, window², C]. Padding is zero and takes part in the attention.
  func partition(_ x: Tensor) throws -> Tensor {
    var x = x
    if paddedHeight > height || paddedWidth > width {
      x = try x.padded([0, 0, 0, paddedWidth - width, 0, paddedHeight - height])
    }
    if shift > 0 { x = try x.rolled([-shift, -shift], dimensions: [1, 2]) }
    let channels = x.size(3)
    return try x.reshaped(-1, rows, window, columns, window, channels)
      .permuted(0, 1, 3, 2, 4, 5)
      .reshaped(-1, window * window, channels)
  }

  /// The inverse of `partition`: padding is cut away.
  func merge(_ windows: Tensor, batch: Int) throws -> Tensor {
    let channels = windows.size(2)
    var x = try windows.reshaped(batch, rows, columns, window, window, channels)
      .permuted(0, 1, 3, 2, 4, 5)
      .reshaped(batch, paddedHeight, paddedWidth, channels)
    if shift > 0 { x = try x.rolled([shift, shift], dimensions: [1, 2]) }
    if paddedHeight > height { x = try x.sliced(1, 0..<height) }
    if paddedWidth > width { x = try x.sliced(2, 0..<width) }
    return x
  }

  /// [windows, window², window²]: -100 between patches that the shift brought together from different sides of
  /// the picture, else 0.
  func shiftMask(device: Device) throws -> Tensor {
    func regions(_ length: Int) -> [Float] {
      (0..<length).map { $0 < length - window ? 0 : $0 < length - shift ? 1 : 2 }
    }
    let (vertical, horizontal) = (regions(paddedHeight), regions(paddedWidth))
    let identity = vertical.flatMap { row in horizontal.map { 3 * row + $0 } }
    let unshifted = WindowGrid(height: paddedHeight, width: paddedWidth, window: window, shift: 0)
    let region = try unshifted.partition(
      Tensor(identity, shape: [1, paddedHeight, paddedWidth, 1]).to(device: device))  // [windows, window², 1]
    let apart = try (region - region.transposed(1, 2)).absolute() > 0
    return try apart.to(.float32) * -100
  }
}

/// Multi-head attention within windows, with a learned bias for every relative position.
struct WindowAttention: Sendable {
  let qkv: Linear
  let projection: Linear
  /// [(2·window - 1)², heads]
  private let relativeBias: Tensor
  /// For each pair of patches of a window its row of `relativeBias`, int64 [window⁴].
  private let relativeIndex: Tensor
  let heads: Int
  private let area: Int
  private let derivedBias: Derived

  init(_ scope: Scope, channels: Int, heads: Int, window: Int) throws {
    self.heads = heads
    area = window * window
    relativeBias = try scope.parameter(
      "relative_position_bias_table", [(2 * window - 1) * (2 * window - 1), heads], .transformer)
    qkv = try Linear(
      scope / "qkv", inputs: channels, outputs: 3 * channels, role: .quantizable, initial: .transformer,
      initialBias: .constant(0))
    projection = try Linear(
      scope / "proj", inputs: channels, outputs: channels, role: .quantizable, initial: .transformer,
      initialBias: .constant(0))
    let positions = (0..<window).flatMap { y in (0..<window).map { x in (y: y, x: x) } }
    let index = positions.flatMap { query in
      positions.map { key in
        Int64((query.y - key.y + window - 1) * (2 * window - 1) + query.x - key.x + window - 1)
      }
    }
    relativeIndex = try Tensor(index).to(device: relativeBias.device)
    derivedBias = Derived(from: relativeBias)
  }

  /// The learned bias of every pair of patches, [heads, window², window²].
  private func bias() throws -> Tensor {
    try relativeBias.picked(relativeIndex, dimension: 0).reshaped(area, area, heads).permuted(2, 0, 1)
  }

  /// Whether the kernels take windows and heads of this size.
  var hasKernel: Bool { area <= 256 && (qkv.weight.size(1) / heads).isMultiple(of: 2) }

  /// `bias`, its rows filled up to a multiple of 16 with what no softmax lets pass.
  var paddedBias: Tensor {
    get throws {
      try derivedBias.tensors { [try bias().padded([0, -area %% 16], value: -1e30).contiguous()] }[0]
    }
  }

  /// - Parameters:
  ///   - windows: [B · windows, window², C]
  ///   - mask: [windows, window², window²], added to the scores
  func callAsFunction(_ windows: Tensor, mask: Tensor?) throws -> Tensor {
    let (count, channels) = (windows.size(0), windows.size(2))
    let width = channels / heads
    let parts = try qkv(windows).reshaped(count, area, 3, heads, width).permuted(2, 0, 3, 1, 4)
    let query = try parts.selected(0, 0) * (1 / Double(width).squareRoot())
    let key = try parts.selected(0, 1)
    let value = try parts.selected(0, 2)

    var scores = try query.matmul(key.transposed(-2, -1)) + bias()  // [B · windows, heads, window², window²]
    if let mask {
      let perWindow = try scores.reshaped(-1, mask.size(0), heads, area, area) + mask.unsqueezed(1)
      scores = try perWindow.reshaped(count, heads, area, area)
    }
    let attended = try scores.softmax(-1).matmul(value)  // [B · windows, heads, window², width]
    return try projection(attended.transposed(1, 2).reshaped(count, area, channels))
  }
}
