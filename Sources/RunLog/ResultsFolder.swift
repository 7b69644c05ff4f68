import Foundation

/// Where a run leaves what it did:
///
///     config.yaml              the resolved configuration
///     metrics.jsonl            numbers of steps (`MetricsFile`)
///     events.out.tfevents.*    the same for TensorBoard (`EventFile`)
///     plots/                   curves, a PNG file for each group of numbers
///     checkpoints/
public struct ResultsFolder: Sendable {
  public let url: URL

  public var configuration: URL { url.appending(path: "config.yaml") }
  public var metrics: URL { url.appending(path: "metrics.jsonl") }
  public var plots: URL { url.appending(path: "plots") }
  public var checkpoints: URL { url.appending(path: "checkpoints") }

  /// Makes the folder of a new run, or opens that of one to resume.
  ///
  /// - Parameters:
  ///   - configuration: the text of `config.yaml`, in place of an earlier one
  ///   - resuming: whether a run must be there, rather than an empty folder or none
  /// - Throws: `RunLogError`: `occupied` where there is a run or anything else, `missing` where there is none to resume
  public init(at url: URL, configuration: String, resuming: Bool = false) throws(RunLogError) {
    self.url = url
    if resuming {
      _ = try Self.configuration(at: url)
    } else {
      try Self.checkVacant(url)
    }
    for folder in [url, plots, checkpoints] {
      do { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) } catch {
        throw .foundation(folder, "cannot be made", error)
      }
    }
    do { try Data(configuration.utf8).write(to: self.configuration, options: .atomic) } catch {
      throw .foundation(self.configuration, "cannot be written", error)
    }
  }

  /// The folder of a run that another process makes.
  public init(existing url: URL) { self.url = url }

  /// The text of the configuration of the run in a folder.
  ///
  /// - Throws: `RunLogError`, `missing` where there is no run
  public static func configuration(at url: URL) throws(RunLogError) -> String {
    let file = url.appending(path: "config.yaml")
    guard FileManager.default.fileExists(atPath: file.path) else {
      throw RunLogError(.missing, url, "holds no run to resume: there is no config.yaml in it")
    }
    do { return try String(contentsOf: file, encoding: .utf8) } catch {
      throw .foundation(file, "cannot be read", error)
    }
  }

  private static func checkVacant(_ url: URL) throws(RunLogError) {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else { return }
    guard isFolder.boolValue else { throw RunLogError(.occupied, url, "is a file, not a folder for results") }
    let names: [String]
    do { names = try FileManager.default.contentsOfDirectory(atPath: url.path) } catch {
      throw .foundation(url, "cannot be read", error)
    }
    guard !names.contains("config.yaml") else {
      throw RunLogError(.occupied, url, "holds a run already; resume it, or name another folder")
    }
    guard names.isEmpty else {
      throw RunLogError(.occupied, url, "is not empty; name a new folder for the results")
    }
  }
}
