import Foundation

/// Why detections could not be measured: one sentence, beginning with the file where there is one.
public struct EvaluationError: Error, Equatable, Sendable {
  public enum Kind: Sendable {
    /// The operating system refused to read or write the file.
    case inaccessible
    /// A file is not JSON, or of another format than the one asked for, or a number in it makes no sense.
    case malformed
    /// A box is on a picture, or of a class, that the ground truth does not have.
    case unknownReference
    /// What was asked for cannot be computed, whatever the detections are.
    case invalidParameters
  }

  public let kind: Kind
  /// Path of the file, `nil` for what was given in memory.
  public let file: String?
  /// What is wrong, without the file's name and without a full stop.
  public let reason: String

  init(_ kind: Kind, file: URL? = nil, _ reason: String) {
    (self.kind, self.file, self.reason) = (kind, file?.path, reason)
  }
}

extension EvaluationError: CustomStringConvertible, LocalizedError {
  public var description: String {
    guard let file else { return reason.prefix(1).uppercased() + reason.dropFirst() + "." }
    return "\(file): \(reason)."
  }

  public var errorDescription: String? { description }
}
