import Foundation

/// Fetches one file: resumed where an earlier attempt broke off, retried where the failure may pass, checked
/// before it gets its name. Proxies come from the environment.
public struct Downloader: Sendable {
  /// Attempts in a row that may bring nothing new.
  public var retries = 5
  /// The pause before the first repetition; each further one is twice as long.
  public var retryDelay = Duration.seconds(1)
  /// How long a connection may take to come up.
  public var connectTimeout = Duration.seconds(20)
  /// How long a connection may stay silent.
  public var readTimeout = Duration.seconds(60)

  let proxies: Proxies
  /// Free bytes for this user where a folder is; nil where that cannot be told.
  package var freeBytes: @Sendable (_ folder: URL) -> Int64?

  public init(environment: [String: String] = ProcessInfo.processInfo.environment) {
    proxies = Proxies(environment: environment)
    freeBytes = { folder in
      let attributes = try? FileManager.default.attributesOfFileSystem(forPath: folder.path)
      return (attributes?[.systemFreeSize] as? NSNumber)?.int64Value
    }
  }

  /// Fetches `source` into `target`; `target.sha256` beside it takes the checksum.
  ///
  /// A cancelled or failed download leaves `target.part`, from which the next call goes on.
  /// - Parameters:
  ///   - sha256: The checksum to insist on. Without one the server's own word is used, if it gives any.
  ///   - progress: Called at most ten times a second, and once when all bytes are there.
  /// - Throws: `DownloadError`, or `CancellationError`.
  public func download(
    _ source: URL, to target: URL, sha256: String? = nil,
    progress: @escaping @Sendable (DownloadProgress) -> Void = { _ in }
  ) async throws -> Download {
    guard Self.isWeb(source) else { throw DownloadError.badAddress(source.publicText) }
    let wanted = try sha256.map(Checksum.init)
    let partial = try PartialFile(of: target)
    let announced: Checksum?
    do {
      announced = try await fetchPatiently(source, into: partial, progress: progress)
    } catch {
      if partial.size == 0 { partial.discard() }
      throw error
    }
    if let expected = wanted ?? announced, expected.text != partial.checksum {
      partial.discard()
      throw DownloadError.checksumMismatch(
        file: target.path, expected: expected.text, received: partial.checksum)
    }
    try partial.finish()
    return Download(
      file: target, bytes: partial.size, sha256: partial.checksum,
      verification: wanted != nil ? .expected : announced != nil ? .announced : .unverified)
  }

  /// Repeats passing failures, with growing pauses, until several in a row have brought nothing new.
  private func fetchPatiently(
    _ source: URL, into partial: PartialFile, progress: @escaping @Sendable (DownloadProgress) -> Void
  ) async throws -> Checksum? {
    var failures = 0
    var best = partial.size
    while true {
      do {
        return try await fetch(source, into: partial, progress: progress)
      } catch let failure as PassingFailure {
        try Task.checkCancellation()
        failures = partial.size > best ? 1 : failures + 1
        best = max(best, partial.size)
        guard failures <= retries else { throw failure.cause }
        try await Task.sleep(for: retryDelay * (1 << (failures - 1)))
      }
    }
  }
}

/// A file that has been fetched.
public struct Download: Sendable, Equatable {
  /// What the checksum was compared with.
  public enum Verification: Sendable {
    /// The checksum that the caller gave.
    case expected
    /// The checksum that the server announced.
    case announced
    /// Nothing: it is only recorded, beside the file.
    case unverified
  }

  public let file: URL
  public let bytes: Int64
  /// The file's SHA-256 in lower-case hexadecimal.
  public let sha256: String
  public let verification: Verification
}

/// 64 lower-case hexadecimal digits.
struct Checksum: Equatable {
  let text: String

  init(_ text: String) throws(DownloadError) {
    self.text = text.lowercased()
    guard self.text.utf8.count == 64, self.text.allSatisfy({ $0.isASCII && $0.isHexDigit }) else {
      throw .badChecksum(text)
    }
  }
}

/// A failure that a later attempt may not meet again.
struct PassingFailure: Error {
  let cause: DownloadError
}
