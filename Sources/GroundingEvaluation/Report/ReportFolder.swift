import Foundation
import Pictures

/// A report's folder, filled beside its place until it is complete.
final class ReportFolder {
  private let target: URL
  private let temporary: URL

  /// What a report is made of: nothing else is ever replaced.
  private static let names: Set = ["index.html", "plots", "classes", "worst"]

  /// Makes a report of what `page` writes into the folder and the page that it gives.
  ///
  /// - Throws: `EvaluationError`.
  static func fill(_ folder: URL, page: (ReportFolder) throws -> HTML) throws {
    let output = try ReportFolder(folder)
    do {
      try output.write(Data(try page(output).text.utf8), to: "index.html")
    } catch let error as PictureError {
      throw output.failure("cannot be written (\(error))")
    }
    try output.commit()
  }

  /// - Throws: `EvaluationError` where the target is there and no report, or nothing can be written beside it.
  private init(_ folder: URL) throws {
    target = folder.standardizedFileURL
    temporary = Self.sibling(of: target)
    try checkTarget()
    do {
      try FileManager.default.createDirectory(at: temporary, withIntermediateDirectories: true)
    } catch { throw failure("cannot be written (\(error.localizedDescription))") }
  }

  // After `commit` there is nothing to remove.
  deinit { try? FileManager.default.removeItem(at: temporary) }

  /// Writes a file of the report.
  ///
  /// - Parameter name: below the folder, as `plots/sizes.png`.
  func write(_ data: Data, to name: String) throws {
    let file = temporary.appending(path: name)
    do {
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try data.write(to: file)
    } catch { throw failure("\(name) in it cannot be written (\(error.localizedDescription))") }
  }

  /// Puts the folder in its place.
  private func commit() throws {
    try checkTarget()
    let old = Self.sibling(of: target)
    let isReplacing = rename(target.path, old.path) == 0
    guard isReplacing || errno == ENOENT else { throw failure("cannot be replaced (\(systemReason))") }
    guard rename(temporary.path, target.path) == 0 else {
      let reason = systemReason
      if isReplacing { rename(old.path, target.path) }
      throw failure("cannot be written (\(reason))")
    }
    if isReplacing { try? FileManager.default.removeItem(at: old) }
  }

  private func checkTarget() throws {
    guard FileManager.default.fileExists(atPath: target.path) else { return }
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: target.path) else {
      throw failure("is no folder that could be read")
    }
    guard let other = names.sorted().first(where: { !Self.names.contains($0) }) else { return }
    throw failure("holds more than a report: there is \(other) in it; name another folder")
  }

  private var systemReason: String { String(cString: strerror(errno)).lowercased() }

  private func failure(_ reason: String) -> EvaluationError {
    EvaluationError(.inaccessible, file: target, reason)
  }

  private static func sibling(of url: URL) -> URL {
    url.deletingLastPathComponent().appending(path: ".\(url.lastPathComponent).\(UUID().uuidString).tmp")
  }
}
