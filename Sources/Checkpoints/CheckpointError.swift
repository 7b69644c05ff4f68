import Foundation

/// Why a checkpoint could not be read or written: one sentence, beginning with the file.
public struct CheckpointError: Error, Equatable, Sendable {
  public enum Kind: Sendable {
    /// The operating system refused to open, map, or write the file.
    case inaccessible
    /// The file is of no format known here.
    case unrecognised
    /// The file breaks the rules of its own format.
    case malformed
    /// A pickle names code outside of the few constructors that tensors need. Nothing was executed.
    case forbidden
    /// The file is well-formed, but of a kind or type that is not read here.
    case unsupported
    /// The checkpoint holds no array of the name asked for.
    case missing
  }

  public let kind: Kind
  /// Path of the file.
  public let file: String
  /// What is wrong, without the file's name and without a full stop.
  public let reason: String

  package init(_ kind: Kind, file: URL, _ reason: String) {
    self.kind = kind
    self.file = file.path
    self.reason = reason
  }
}

extension CheckpointError: CustomStringConvertible, LocalizedError {
  public var description: String { "\(file): \(reason)." }
  public var errorDescription: String? { description }
}

extension String {
  /// The text in quotes, fit for a message: names in a hostile file may be huge or hold terminal escapes.
  var quoted: String {
    let scalars = unicodeScalars.prefix(100).map { scalar in
      scalar.properties.generalCategory == .control ? "\u{FFFD}" : String(scalar)
    }
    return "'" + scalars.joined() + (unicodeScalars.count > 100 ? "…'" : "'")
  }
}
