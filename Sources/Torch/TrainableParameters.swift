/// Parameters for training: float32 copies of a source's, which record gradients unless they are frozen.
///
/// What a mapped checkpoint hands out cannot be written, so everything is copied, frozen parts included: those are
/// saved with the others and may be thawed later.
public struct TrainableParameters: ParameterSource {
  private let source: any ParameterSource
  private let frozen: PathSet
  private let device: Device

  /// - Parameters:
  ///   - source: the values to begin with
  ///   - frozen: parts that keep them
  ///   - device: where the parameters are to be; `Parameters` must be made with the same
  public init(_ source: any ParameterSource, frozen: PathSet = [], device: Device = .cpu) {
    (self.source, self.frozen, self.device) = (source, frozen, device)
  }

  public func parameter(_ name: String, shape: [Int], initial: Initializer) throws -> Tensor {
    let value = try source.parameter(name, shape: shape, initial: initial)
    let exact =
      try value.dtype == .int8
      ? Quantization(of: name, source, weight: value).weight(value) : value
    let copy = try withoutGradient { try exact.to(.float32, device: device).clone() }
    value.forgetMappedBytes()
    return frozen.contains(name) ? copy : try copy.requiringGradient()
  }
}
