import Crypto
import Foundation
import HTTPTypes
import Synchronization

/// The bearer tokens that open the server, as a file lists them: one on a line, `#` begins a remark.
///
/// Only their SHA-256 are kept, and compared in constant time. The file is read again when it has changed.
public final class AccessTokens: Sendable {
  private struct State {
    var digests: [SHA256Digest]
    var version: FileVersion?
    var looked: ContinuousClock.Instant
  }

  private struct FileVersion: Equatable {
    let modified: Date?
    let size: Int?
    let number: Int?
  }

  private let file: URL
  private let state: Mutex<State>
  /// How long a change of the file may go unnoticed.
  private static let lag = Duration.seconds(1)
  /// Shorter tokens could be guessed.
  private static let leastCharacters = 16
  private static let mostBytes = 1 << 20

  /// - Throws: `AccessTokenError` if the file cannot be read, lists no token, or one that is too short.
  public init(file: URL) throws {
    self.file = file
    state = Mutex(State(digests: try Self.read(file), version: Self.version(file), looked: .now))
  }

  /// Reads the file again.
  ///
  /// - Throws: `AccessTokenError`; the tokens of before then stay.
  public func reload() throws {
    let version = Self.version(file)
    let digests = try Self.read(file)
    state.withLock { $0 = State(digests: digests, version: version, looked: .now) }
  }

  /// Whether an Authorization field carries one of the tokens.
  func open(_ field: String?) -> Bool {
    noticeChange()
    guard let field, field.utf8.count <= 4096 else { return false }
    let parts = field.split(separator: " ", maxSplits: 1)
    guard parts.count == 2, parts[0].lowercased() == "bearer" else { return false }
    let digest = SHA256.hash(data: Data(parts[1].trimmingCharacters(in: .whitespaces).utf8))
    // Every token is compared, whichever fits; comparing digests takes the same time for all.
    return state.withLock { state in
      state.digests.reduce(false) { found, token in (token == digest) || found }
    }
  }

  private func noticeChange() {
    let isDue = state.withLock { state in
      guard ContinuousClock.now - state.looked > Self.lag else { return false }
      state.looked = .now
      return true
    }
    guard isDue, Self.version(file) != state.withLock({ $0.version }) else { return }
    // A file that is broken for the moment leaves the tokens as they are.
    try? reload()
  }

  private static func version(_ file: URL) -> FileVersion? {
    guard let facts = try? FileManager.default.attributesOfItem(atPath: file.path) else { return nil }
    return FileVersion(
      modified: facts[.modificationDate] as? Date, size: (facts[.size] as? NSNumber)?.intValue,
      number: (facts[.systemFileNumber] as? NSNumber)?.intValue)
  }

  private static func read(_ file: URL) throws -> [SHA256Digest] {
    guard let handle = try? FileHandle(forReadingFrom: file),
      let data = try? handle.read(upToCount: mostBytes),
      let text = String(validating: data, as: UTF8.self)
    else { throw AccessTokenError.unreadable(file: file.relativePath) }
    let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    let tokens = try lines.enumerated().compactMap { index, line -> String? in
      let token = line.trimmingCharacters(in: .whitespaces)
      guard !token.isEmpty, !token.hasPrefix("#") else { return nil }
      guard token.count >= leastCharacters, token.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
        throw AccessTokenError.weak(file: file.relativePath, line: index + 1, least: leastCharacters)
      }
      return token
    }
    guard !tokens.isEmpty else { throw AccessTokenError.empty(file: file.relativePath) }
    return tokens.map { SHA256.hash(data: Data($0.utf8)) }
  }
}

/// Why a file of tokens cannot be used.
public enum AccessTokenError: Error, CustomStringConvertible, LocalizedError, Sendable {
  case unreadable(file: String)
  case empty(file: String)
  case weak(file: String, line: Int, least: Int)

  public var description: String {
    switch self {
    case .unreadable(let file): "The tokens in \(file) cannot be read."
    case .empty(let file): "\(file) lists no token."
    case .weak(let file, let line, let least):
      "The token on line \(line) of \(file) has fewer than \(least) characters, or others than visible ASCII."
    }
  }

  public var errorDescription: String? { description }
}
