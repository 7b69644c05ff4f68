import Foundation
import Torch

/// The arithmetic of the network (Documentation/performance.md says what each costs and gains).
public enum Precision: String, Sendable, CaseIterable {
  /// The reference.
  case float32 = "fp32"
  /// Products and convolutions in bfloat16 with float32 sums; norms, softmax and boxes in float32.
  case bfloat16 = "bf16"
  /// As bfloat16, and the products of the picture encoder, the pyramid and the DyHead blocks in bytes. For files
  /// that `glip quantize` made.
  case int8
  /// What is fastest for the file on this machine: int8 for a quantised file, else bfloat16, each only where the
  /// processor has instructions for it, else float32.
  case automatic = "auto"

  /// What `automatic` stands for.
  ///
  /// - Parameter isQuantized: whether the weights are there as int8.
  public func resolved(on device: Device, isQuantized: Bool = false) -> Precision {
    guard self == .automatic else { return self }
    guard device.isCPU else { return .float32 }
    if isQuantized, Kernels.support(.int8) { return .int8 }
    return Kernels.support(.bfloat16) ? .bfloat16 : .float32
  }

  /// The network's parameters for this arithmetic. Where the project's kernels compute in a type, large weights are
  /// kept in it; elsewhere they stay float32, and libtorch casts as it goes.
  ///
  /// - Throws: `PrecisionError` for int8 where there are no kernels for it.
  public func parameters(from source: any ParameterSource, device: Device = .cpu) throws -> Parameters {
    switch self {
    case .float32: return Parameters(from: source, device: device)
    case .bfloat16:
      let hasKernels = device.isCPU && Kernels.support(.bfloat16)
      return Parameters(from: source, device: device, matrixType: hasKernels ? .bfloat16 : .float32)
    case .int8:
      guard device.isCPU, Kernels.support(.int8) else {
        throw PrecisionError.noInt8(device: device.description)
      }
      return Parameters(from: source, device: device, matrixType: .bfloat16, keepsInt8: true)
    case .automatic: return try resolved(on: device).parameters(from: source, device: device)
    }
  }
}

/// Why a network cannot compute in the arithmetic that was asked for.
public enum PrecisionError: Error, CustomStringConvertible, LocalizedError, Sendable {
  case noInt8(device: String)
  case notQuantized(file: String)

  public var description: String {
    switch self {
    case .noInt8(let device):
      "int8 needs a processor with AVX-512, VNNI and bfloat16 instructions; use another precision on \(device)."
    case .notQuantized(let file): "\(file) has no int8 weights; 'glip quantize' makes a file that has."
    }
  }

  public var errorDescription: String? { description }
}
