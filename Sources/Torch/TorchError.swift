import CTorch
import Foundation

/// What can go wrong between Swift and libtorch.
public enum TorchError: Error, CustomStringConvertible, LocalizedError, Sendable {
  /// An operator refused its arguments; `shapes` describes the tensors it was given.
  case operatorFailed(name: String, shapes: [String], message: String)
  /// Something beside the operators failed: a guard, a backward pass, a thread setting.
  case failed(action: String, message: String)
  case unknownDevice(String, reason: String)
  case wrongElementType(expected: DType, found: DType)
  case missingParameter(String)
  case wrongShape(parameter: String, expected: [Int], found: [Int])

  public var description: String {
    switch self {
    case .operatorFailed(let name, let shapes, let message):
      "\(name)(\(shapes.joined(separator: ", "))) failed: \(message)"
    case .failed(let action, let message): "\(action) failed: \(message)"
    case .unknownDevice(let name, let reason): "Device '\(name)' cannot be used: \(reason)."
    case .wrongElementType(let expected, let found):
      "A tensor of \(found) was read as \(expected)."
    case .missingParameter(let name): "The checkpoint has no parameter '\(name)'."
    case .wrongShape(let parameter, let expected, let found):
      "Parameter '\(parameter)' has shape \(found) in the checkpoint; the model needs \(expected)."
    }
  }

  public var errorDescription: String? { description }
}

/// Throws what a function of the shim reported.
func check(_ message: UnsafeMutablePointer<CChar>?, _ action: @autoclosure () -> String) throws {
  guard let text = take(message) else { return }
  throw TorchError.failed(action: action(), message: text)
}

/// The message's first line (what follows in libtorch's are stacks and hints), its memory released; `nil` for
/// success.
func take(_ message: UnsafeMutablePointer<CChar>?) -> String? {
  guard let message else { return nil }
  defer { ct_free(message) }
  let lines = String(cString: message).split(whereSeparator: \.isNewline)
  return lines.first.map(String.init) ?? "libtorch gave no reason"
}
