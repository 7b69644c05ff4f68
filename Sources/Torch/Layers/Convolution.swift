/// A two-dimensional convolution, [B, inputs, h, w] -> [B, outputs, h', w'].
public struct Convolution: Sendable {
  /// [outputs, inputs, kernel, kernel]
  public let weight: Tensor
  /// [outputs]
  public let bias: Tensor?
  public let stride: Int
  public let padding: Int
  private let quantization: Quantization?
  private let packed: Derived
  /// Under which a calibration notes the inputs; nil where the weight is not to be quantised.
  private let calibrated: String?

  public init(
    _ scope: Scope, inputs: Int, outputs: Int, kernel: Int, stride: Int = 1, padding: Int = 0,
    role: WeightRole = .large, initial: Initializer? = nil, initialBias: Initializer? = nil
  ) throws {
    let fan = Initializer.fanIn(inputs * kernel * kernel)
    (weight, quantization) = try scope.weight([outputs, inputs, kernel, kernel], initial ?? fan, role)
    calibrated = role == .quantizable ? scope.path : nil
    bias = try scope.parameter("bias", [outputs], initialBias ?? fan)
    self.stride = stride
    self.padding = padding
    packed = Derived(from: weight, bias)
  }

  /// In inference on the CPU the result is of `mapType` and channels last.
  public func callAsFunction(_ x: Tensor) throws -> Tensor {
    try observe(x)
    guard Kernels.apply(to: x), hasKernel else {
      return try ATen.conv2d(x, weight, bias, [stride, stride], [padding, padding])
    }
    let x = try x.channelsLast()
    switch (weight.size(2), stride, padding) {
    case (1, 1, 0):
      return try Kernels.linear(x.permuted(0, 2, 3, 1), matrix, dtype: mapType).permuted(0, 3, 1, 2)
    case (3, 1, 1): return try Kernels.convolution(x, matrix, dtype: mapType)
    default:
      // Patches as rows; these convolutions are small.
      let patches = try x.patches(kernel: weight.size(2), stride: stride, padding: padding)
      return try Kernels.linear(patches, matrix, dtype: mapType).permuted(0, 3, 1, 2)
    }
  }

  /// Notes the range of `x` where a calibration watches.
  package func observe(_ x: Tensor) throws {
    if let calibrated { try Calibration.observe(x, channels: 1, at: calibrated) }
  }

  /// Element type of maps that come out of the kernels: int8 is for products alone.
  package var mapType: DType { weight.dtype == .int8 ? .bfloat16 : weight.dtype }

  /// Whether the kernels take this many inputs.
  package var hasKernel: Bool { (weight.size(1) * weight.size(2) * weight.size(3)).isMultiple(of: 4) }

  /// The weight as the kernels want it: [outputs, kernel · kernel · inputs].
  package var matrix: [Tensor] {
    get throws {
      try packed.tensors {
        let rows = try weight.permuted(0, 2, 3, 1).flattened(from: 1)
        return try quantization.map { try Kernels.pack(rows, bias: bias, $0) }
          ?? Kernels.pack(rows, bias: bias)
      }
    }
  }
}

extension Tensor {
  /// [B, C, h, w] with the channels of a position next to each other in memory and the pictures perhaps apart; copied
  /// only where they are not so.
  package func channelsLast() throws -> Tensor {
    let (strides, shape) = (try strides, shape)
    let isChannelsLast =
      (strides[1] == 1 || shape[1] == 1) && (strides[3] == shape[1] || shape[3] == 1)
      && (strides[2] == shape[1] * shape[3] || shape[2] == 1)
    return isChannelsLast ? self : try permuted(0, 2, 3, 1).contiguous().permuted(0, 3, 1, 2)
  }

  /// [B, C, h, w] -> [B, h', w', kernel · kernel · C]: what a convolution reads for each position.
  fileprivate func patches(kernel: Int, stride: Int, padding: Int) throws -> Tensor {
    let x = try padding > 0 ? padded([padding, padding, padding, padding]) : self
    let height = (x.size(2) - kernel) / stride + 1
    let width = (x.size(3) - kernel) / stride + 1
    let taps = try (0..<kernel * kernel).map { tap in
      let (row, column) = (tap / kernel, tap % kernel)
      return try x.sliced(2, row..<(row + stride * (height - 1) + 1), step: stride)
        .sliced(3, column..<(column + stride * (width - 1) + 1), step: stride).permuted(0, 2, 3, 1)
    }
    return try Tensor.concatenated(taps, dimension: -1)
  }
}
