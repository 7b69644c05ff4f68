/// y = x Wᵀ + b over the last dimension.
public struct Linear: Sendable {
  /// [outputs, inputs]
  public let weight: Tensor
  /// [outputs]
  public let bias: Tensor?
  private let packed: Derived

  /// - Parameter isPrecise: whether the weight is float32 whatever the type of the model's large weights.
  public init(
    _ scope: Scope, inputs: Int, outputs: Int, bias: Bool = true, isPrecise: Bool = false,
    initial: Initializer? = nil,
    initialBias: Initializer? = nil
  ) throws {
    let shape = [outputs, inputs]
    let initial = initial ?? .fanIn(inputs)
    weight =
      try isPrecise ? scope.parameter("weight", shape, initial) : scope.matrix("weight", shape, initial)
    self.bias = bias ? try scope.parameter("bias", [outputs], initialBias ?? .fanIn(inputs)) : nil
    packed = Derived(from: weight, self.bias)
  }

  public func callAsFunction(_ x: Tensor) throws -> Tensor {
    guard Kernels.apply(to: x), hasKernel else { return try ATen.linear(x, weight, bias) }
    return try Kernels.linear(x, matrix, dtype: .float32)
  }

  /// The bias, or zeros.
  package var shift: Tensor {
    get throws { try bias ?? Tensor.zeros([weight.size(0)], device: weight.device) }
  }

  /// Whether the kernels take this many inputs.
  package var hasKernel: Bool { weight.size(1).isMultiple(of: 4) }

  /// The weight as the kernels want it.
  package var matrix: [Tensor] {
    get throws { try packed.tensors { try Kernels.pack(weight, bias: bias) } }
  }
}
