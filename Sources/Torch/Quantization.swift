import Synchronization

/// How a weight [outputs, channels, …] of int8 numbers and the inputs it meets are to be understood.
///
/// A weight is number · `weightScale` · `inputScale`, and an input of channel c enters the product as
/// round(x · `inputScale` + `inputOffset`), 0 to 255. The inputs' scales are part of the weight so that channels of
/// small and of large numbers use the range of a byte alike (Xiao et al., "SmoothQuant", ICML 2023).
public struct Quantization: Sendable {
  /// [outputs]
  let weightScale: Tensor
  /// [channels]
  let inputScale: Tensor
  let inputOffset: Tensor

  /// What stands beside an int8 weight.
  package static func names(of weight: String) -> [String] { names.map { "\(weight)_\($0)" } }

  private static let names = ["scale", "input_scale", "input_offset"]

  /// Takes what belongs to the weight `name` from a source.
  init(of name: String, _ source: any ParameterSource, weight: Tensor) throws {
    func part(_ index: Int, _ count: Int) throws -> Tensor {
      let name = "\(name)_\(Self.names[index])"
      let value = try source.parameter(name, shape: [count], initial: .constant(1))
      guard value.shape == [count] else {
        throw TorchError.wrongShape(parameter: name, expected: [count], found: value.shape)
      }
      return try value.to(.float32)
    }
    weightScale = try part(0, weight.size(0))
    inputScale = try part(1, weight.size(1))
    inputOffset = try part(2, weight.size(1))
  }

  /// Chooses scales for a weight whose inputs lie in the given ranges.
  ///
  /// - Parameters:
  ///   - weight: float32 [outputs, channels, …]
  ///   - low: smallest input of every channel, [channels]
  ///   - high: largest input of every channel
  /// - Returns: the scales, and the weight as int8.
  static func quantize(
    _ weight: Tensor, low: Tensor, high: Tensor
  ) throws -> (quantization: Quantization, weight: Tensor) {
    let rows = try weight.to(.float32).reshaped(weight.size(0), weight.size(1), -1)
    let tiny = 1e-12
    // What is hard to quantise is shared evenly between the inputs and the weight of a channel.
    let reach = try ((high - low) / 2).clamped(min: tiny)
    let size = try rows.absolute().maximum([0, 2]).clamped(min: tiny)
    let share = try (reach / size).squareRoot()
    let step = try (reach / share).maximum([0]) / 127
    let inputScale = try Tensor.full([], 1) / (share * step)
    let center = try (high + low) / 2
    let inputOffset = try center * inputScale * -1 + 128
    let scaled = try rows / inputScale.reshaped(1, -1, 1)
    let weightScale = try scaled.absolute().maximum([1, 2]).clamped(min: tiny) / 127
    let numbers = try (scaled / weightScale.reshaped(-1, 1, 1)).rounded().clamped(min: -127, max: 127)
    return (
      Quantization(weightScale: weightScale, inputScale: inputScale, inputOffset: inputOffset),
      try numbers.to(.int8).reshaped(weight.shape)
    )
  }

  private init(weightScale: Tensor, inputScale: Tensor, inputOffset: Tensor) {
    (self.weightScale, self.inputScale, self.inputOffset) = (weightScale, inputScale, inputOffset)
  }

  /// The weight that `numbers` stand for, float32.
  func weight(_ numbers: Tensor) throws -> Tensor {
    let rest = [Int](repeating: 1, count: numbers.rank - 2)
    return try numbers.to(.float32) * weightScale.reshaped([-1, 1] + rest)
      * inputScale.reshaped([1, -1] + rest)
  }

  /// Under the names by which `init(of:)` finds them.
  func parameters(of name: String) -> [(String, Tensor)] {
    zip(Self.names, [weightScale, inputScale, inputOffset]).map { ("\(name)_\($0)", $1) }
  }
}

/// Ranges of what the layers that can be quantised take in, seen while pictures run through a network.
///
/// ```swift
/// let calibration = Calibration()
/// try calibration.observing { _ = try detector.detect(picture, prompt) }
/// ```
public final class Calibration: Sendable {
  @TaskLocal private static var current: Calibration?

  private let seen = Mutex<[String: (low: Tensor, high: Tensor)]>([:])

  public init() {}

  /// Watches while `body` runs.
  public func observing<Result>(_ body: () throws -> Result) rethrows -> Result {
    try Calibration.$current.withValue(self, operation: body)
  }

  static var isObserving: Bool { current != nil }

  /// Notes the range of every channel of `x`, zero among it, which borders are made of.
  package static func observe(_ x: @autoclosure () throws -> Tensor, channels dimension: Int, at path: String)
    throws
  {
    guard let current else { return }
    let rows = try x().to(.float32).transposed(dimension, -1)
    let flat = try rows.reshaped(-1, rows.size(-1))
    let low = try (flat * -1).maximum([0]).clamped(min: 0) * -1
    let high = try flat.maximum([0]).clamped(min: 0)
    try current.seen.withLock { seen in
      let old = seen[path]
      seen[path] = (
        try old.map { try Tensor.minimum($0.low, low) } ?? low,
        try old.map { try Tensor.maximum($0.high, high) } ?? high
      )
    }
  }

  fileprivate func range(at path: String) -> (low: Tensor, high: Tensor)? { seen.withLock { $0[path] } }

  /// Layers that were seen.
  public var paths: Set<String> { seen.withLock { Set($0.keys) } }
}

/// The parameters of another source, those weights quantised whose layers a calibration has seen.
public final class QuantizedParameters: ParameterSource {
  private let base: any ParameterSource
  private let calibration: Calibration
  /// Scales of weights that were asked for.
  private let made = Mutex<[String: Tensor]>([:])

  public init(_ base: any ParameterSource, _ calibration: Calibration) {
    self.base = base
    self.calibration = calibration
  }

  public func parameter(_ name: String, shape: [Int], initial: Initializer) throws -> Tensor {
    if let part = made.withLock({ $0[name] }) { return part }
    let value = try base.parameter(name, shape: shape, initial: initial)
    guard name.hasSuffix(".weight"), let (low, high) = calibration.range(at: String(name.dropLast(7))) else {
      return value
    }
    let (quantization, weight) = try Quantization.quantize(value, low: low, high: high)
    made.withLock { made in
      for (name, part) in quantization.parameters(of: name) { made[name] = part }
    }
    return weight
  }
}
