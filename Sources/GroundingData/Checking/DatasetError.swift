import Foundation

/// What is wrong with a data set: one sentence that names the file, the record in it, and the reason.
public struct DatasetError: Error, Sendable, Hashable {
  /// Path of the file.
  public var file: String
  /// Where in the file, as "annotation 17" or "line 3"; nil where the file is meant as a whole.
  public var place: String?
  /// What is wrong, without a full stop.
  public var reason: String

  public init(file: URL, place: String? = nil, _ reason: String) {
    (self.file, self.place, self.reason) = (file.relativePath, place, reason)
  }
}

extension DatasetError: CustomStringConvertible, LocalizedError {
  public var description: String { "\(file)\(place.map { ", \($0)" } ?? ""): \(reason)." }
  public var errorDescription: String? { description }
}

/// What is wrong with a value, where the file and the record that it belongs to are not known yet.
struct Fault: Error {
  var reason: String
  /// Where in the bytes that are read; nil for a value of a wrong kind.
  var byte: Int?

  init(_ reason: String, byte: Int? = nil) { (self.reason, self.byte) = (reason, byte) }

  /// For bytes that are all of a line or file.
  var reasonWithByte: String { byte.map { "not valid JSON at byte \($0 + 1): \(reason)" } ?? reason }
}
