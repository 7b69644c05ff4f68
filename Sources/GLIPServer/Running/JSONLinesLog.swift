import Foundation
import Logging

/// Writes one JSON object a line to a file descriptor.
public struct JSONLinesLog: LogHandler {
  public var metadata: Logger.Metadata = [:]
  public var metadataProvider: Logger.MetadataProvider?
  public var logLevel = Logger.Level.info
  private let descriptor: Int32

  /// - Parameter descriptor: the standard error stream, unless something else is named.
  public init(descriptor: Int32 = STDERR_FILENO) { self.descriptor = descriptor }

  public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  public func log(event: LogEvent) {
    var members = metadata.merging(event.metadata ?? [:]) { $1 }.mapValues(Self.json)
    members["time"] = .string(
      Date.now.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true)))
    members["level"] = .string(event.level.rawValue)
    members["message"] = .string(event.message.description)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard var line = try? encoder.encode(members) else { return }
    line.append(UInt8(ascii: "\n"))
    // One call for a line: lines of several threads do not mix.
    line.withUnsafeBytes { _ = write(descriptor, $0.baseAddress, $0.count) }
  }

  private static func json(_ value: Logger.Metadata.Value) -> JSON {
    switch value {
    case .string(let text): .string(text)
    case .stringConvertible(let value as Int): .integer(value)
    case .stringConvertible(let value as Double): .number(value)
    case .stringConvertible(let value): .string(value.description)
    case .array(let values): .array(values.map(json))
    case .dictionary(let values): .object(values.mapValues(json))
    }
  }
}
