import Foundation

/// Why something could not be written down or read back: one sentence, beginning with the file.
public struct RunLogError: Error, Equatable, Sendable {
  public enum Kind: Sendable {
    /// The operating system refused to open, read or write the file.
    case inaccessible
    /// The place belongs to another run, or is being written by another process.
    case occupied
    /// The folder holds no run that could be resumed.
    case missing
  }

  public let kind: Kind
  /// Path of the file or folder.
  public let file: String
  /// What is wrong, without the file's name and without a full stop.
  public let reason: String

  init(_ kind: Kind, _ file: URL, _ reason: String) {
    self.kind = kind
    self.file = file.relativePath
    self.reason = reason
  }

  /// What the operating system just said of the file.
  static func system(_ file: URL, _ what: String, code: Int32 = errno) -> RunLogError {
    RunLogError(.inaccessible, file, "\(what): \(String(cString: strerror(code)).lowercased())")
  }

  /// What Foundation said of the file.
  static func foundation(_ file: URL, _ what: String, _ error: any Error) -> RunLogError {
    guard let code = ((error as? CocoaError)?.underlying as? POSIXError)?.code else {
      return RunLogError(.inaccessible, file, "\(what): \(error.localizedDescription)")
    }
    return system(file, what, code: code.rawValue)
  }
}

extension RunLogError: CustomStringConvertible, LocalizedError {
  public var description: String { "\(file) \(reason)." }
  public var errorDescription: String? { description }
}
