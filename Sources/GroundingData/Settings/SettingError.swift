import Foundation

/// A setting that makes no sense.
public struct SettingError: Error, Sendable, Hashable {
  public var name: String
  public var value: String
  /// What it must be, as "at least 1".
  public var expected: String

  init(_ name: String, _ value: some CustomStringConvertible, _ expected: String) {
    (self.name, self.value, self.expected) = (name, value.description, expected)
  }

  /// - Throws: for a value that is not from 0 to 1.
  static func check(_ name: String, probability: Double?) throws(SettingError) {
    guard let probability else { return }
    guard (0...1).contains(probability) else { throw SettingError(name, probability, "from 0 to 1") }
  }

  static func check(
    _ name: String, _ value: Int, atLeast least: Int, atMost most: Int = 1 << 30
  ) throws(SettingError) {
    guard value >= least else { throw SettingError(name, value, "at least \(least)") }
    guard value <= most else { throw SettingError(name, value, "at most \(most)") }
  }
}

extension SettingError: CustomStringConvertible, LocalizedError {
  public var description: String { "The \(name) is \(value); it must be \(expected)." }
  public var errorDescription: String? { description }
}
