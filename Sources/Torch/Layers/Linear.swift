/// y = x Wᵀ + b over the last dimension.
public struct Linear: Sendable {
  /// [outputs, inputs]
  public let weight: Tensor
  /// [outputs]
  public let bias: Tensor?
  private let quantization: Quantization?
  private let packed: Derived
  /// Under which a calibration notes the inputs; nil where the weight is not to be quantised.
  private let calibrated: String?

  public init(
    _ scope: Scope, inputs: Int, outputs: Int, bias: Bool = true, role: WeightRole = .large,
    initial: Initializer? = nil,
    initialBias: Initializer? = nil
  ) throws {
    (weight, quantization) = try scope.weight([outputs, inputs], initial ?? .fanIn(inputs), role)
    calibrated = role == .quantizable ? scope.path : nil
    self.bias = bias ? try scope.parameter("bias", [outputs], initialBias ?? .fanIn(inputs)) : nil
    packed = Derived(from: weight, self.bias)
  }

  public func callAsFunction(_ x: Tensor) throws -> Tensor {
    try observe(x)
    guard Kernels.apply(to: x), hasKernel else { return try ATen.linear(x, weight, bias) }
    return try Kernels.linear(x, matrix, dtype: .float32)
  }

  /// The bias, or zeros.
  package var shift: Tensor {
    get throws { try bias ?? Tensor.zeros([weight.size(0)], device: weight.device) }
  }

  private func observe(_ x: Tensor) throws {
    if let calibrated { try Calibration.observe(x, channels: -1, at: calibrated) }
  }

  /// Whether the kernels take this many inputs.
  package var hasKernel: Bool { weight.size(1).isMultiple(of: 4) }

  /// The weight as the kernels want it.
  package var matrix: [Tensor] {
    get throws {
      try packed.tensors {
        try quantization.map { try Kernels.pack(weight, bias: bias, $0) } ?? Kernels.pack(weight, bias: bias)
      }
    }
  }
}
