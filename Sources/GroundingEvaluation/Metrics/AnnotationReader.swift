import Foundation

/// A file of records in JSON, and which of its records is being read: what messages begin with.
struct AnnotationReader {
  /// `nil` for what is read from memory.
  let file: URL?
  /// Such as "annotation 12", counted from 0.
  private var record: String?

  private init(file: URL?) { self.file = file }

  /// Maps the file and reads it.
  ///
  /// - Throws: `EvaluationError`.
  static func read<Result>(
    _ file: URL, _ body: (inout AnnotationReader, inout JSONScanner) throws -> Result
  ) throws -> Result {
    let data: Data
    do {
      data = try Data(contentsOf: file, options: .alwaysMapped)
    } catch {
      throw EvaluationError(.inaccessible, file: file, "cannot be read (\(error.localizedDescription))")
    }
    return try read(data, file: file, body)
  }

  /// - Throws: `EvaluationError`.
  static func read<Result>(
    _ data: Data, file: URL? = nil, _ body: (inout AnnotationReader, inout JSONScanner) throws -> Result
  ) throws -> Result {
    try data.withUnsafeBytes { bytes in
      var reader = AnnotationReader(file: file)
      var scanner = JSONScanner(bytes.assumingMemoryBound(to: UInt8.self))
      do {
        let result = try body(&reader, &scanner)
        try scanner.expectEnd()
        return result
      } catch let failure as JSONScanner.Failure {
        throw reader.failure(.malformed, "\(failure.reason) at byte \(failure.position)")
      }
    }
  }

  /// What is wrong with the record at hand.
  func failure(_ kind: EvaluationError.Kind, _ reason: String) -> EvaluationError {
    EvaluationError(kind, file: file, record.map { "\($0): \(reason)" } ?? reason)
  }

  /// Reads a list of objects. `member` reads the values that it knows and skips others, `end` takes the record.
  mutating func records(
    _ kind: StaticString, _ scanner: inout JSONScanner,
    member: (inout JSONScanner, JSONScanner.Name) throws -> Void, end: (AnnotationReader) throws -> Void
  ) throws {
    try scanner.array { scanner, index in
      record = "\(kind) \(index)"
      try scanner.object(member)
      try end(self)
    }
    record = nil
  }

  /// The value of a member that a record must have.
  func require<Value>(_ value: Value?, _ name: StaticString) throws -> Value {
    guard let value else { throw failure(.malformed, "there is no '\(name)'") }
    return value
  }
}
