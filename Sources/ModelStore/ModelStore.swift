import Crypto
import Foundation

/// The folder in which fetched checkpoints are kept.
public struct ModelStore: Sendable {
  /// The folder; it need not exist before something is pulled.
  public let folder: URL

  public init(folder: URL) {
    self.folder = folder
  }

  /// `models` in `GLIP_HOME`, or else in `glip` in `XDG_DATA_HOME`, or else in `~/.local/share/glip`.
  public init(environment: [String: String] = ProcessInfo.processInfo.environment) {
    func path(_ name: String) -> URL? {
      environment[name].flatMap { $0.isEmpty ? nil : URL(filePath: $0, directoryHint: .isDirectory) }
    }
    let home = path("HOME") ?? FileManager.default.homeDirectoryForCurrentUser
    let data = path("XDG_DATA_HOME") ?? home.appending(path: ".local/share")
    folder = (path("GLIP_HOME") ?? data.appending(path: "glip")).appending(path: "models")
  }

  /// Where the model's checkpoint is, or will be.
  public func file(of model: PublishedModel) -> URL {
    folder.appending(path: model.fileName)
  }

  /// Whether the model's checkpoint is there, whole.
  public func holds(_ model: PublishedModel) -> Bool {
    FileManager.default.fileExists(atPath: file(of: model).path)
  }

  /// The SHA-256 of the checkpoint when it was fetched, if it has been.
  public func recordedChecksum(of model: PublishedModel) -> String? {
    let record = file(of: model).appendingPathExtension("sha256")
    let line = try? String(contentsOf: record, encoding: .utf8)
    return line?.split(separator: " ").first.map(String.init)
  }

  /// Fetches the model's checkpoint, unless it is there and has the checksum asked for.
  ///
  /// - Parameter sha256: The checksum to insist on, instead of the one published with the model.
  /// - Returns: What was fetched, or nil if nothing had to be.
  /// - Throws: `DownloadError`, or `CancellationError`.
  public func pull(
    _ model: PublishedModel, sha256: String? = nil, with downloader: Downloader = Downloader(),
    progress: @escaping @Sendable (DownloadProgress) -> Void = { _ in }
  ) async throws -> Download? {
    let target = file(of: model)
    let wanted = sha256 ?? model.sha256
    if holds(model) {
      guard let wanted else { return nil }
      if try Self.checksum(of: target) == wanted.lowercased() { return nil }
    }
    return try await downloader.download(model.source, to: target, sha256: wanted, progress: progress)
  }

  private static func checksum(of file: URL) throws(DownloadError) -> String {
    do {
      return try SHA256.hash(contentsOf: FileHandle(forReadingFrom: file)).hash.finalize().hexadecimal
    } catch { throw .file(path: file.path, reason: error.localizedDescription) }
  }
}
