import Checkpoints
import Synchronization
import Torch

extension ModelFile {
  /// How the names of a file and those of its network agree.
  public struct NameReport: Sendable {
    /// Buffers that released checkpoints carry and nothing needs.
    public var ignored: [String] = []
    /// In the file, but not in the network.
    public var unknown: [String] = []
    /// In the network, but not in the file.
    public var missing: [String] = []
    /// In both, with different shapes.
    public var misshapen: [String] = []
  }

  /// Compares the file with the network without loading either.
  ///
  /// - Throws: `TorchError` if the network cannot be laid out.
  public func nameReport() throws -> NameReport {
    let survey = Survey(checkpoint)
    _ = try GLIPModel(Parameters(from: survey).root, configuration)
    var report = survey.report.withLock { $0 }
    let wanted = survey.names.withLock { $0 }
    for name in checkpoint.entries.map(\.name) where !wanted.contains(name) {
      if Self.isKnownBuffer(name) { report.ignored.append(name) } else { report.unknown.append(name) }
    }
    return report
  }

  /// Number of parameters, values and bytes below each of the main paths.
  public var parts: [(name: String, parameters: Int, values: Int, bytes: Int)] {
    let names = [
      "backbone.body", "backbone.fpn", "language_backbone", "rpn.head.dyhead_tower", "rpn.head", "",
    ]
    let byPart = Dictionary(grouping: checkpoint.entries) { entry in
      names.first { entry.name.hasPrefix($0.isEmpty ? "" : $0 + ".") } ?? ""
    }
    return names.compactMap { name in
      byPart[name].map { entries in
        (
          name.isEmpty ? "other" : name, entries.count, entries.map { $0.shape.reduce(1, *) }.reduce(0, +),
          entries.map(\.byteCount).reduce(0, +)
        )
      }
    }
  }
}

/// Answers every request with a tensor that takes no memory, and notes what the file lacks.
private final class Survey: ParameterSource {
  let report = Mutex(ModelFile.NameReport())
  let names = Mutex<Set<String>>([])
  private let checkpoint: Checkpoint

  init(_ checkpoint: Checkpoint) { self.checkpoint = checkpoint }

  func parameter(_ name: String, shape: [Int], initial: Initializer) throws -> Tensor {
    names.withLock { _ = $0.insert(name) }
    if let entry = checkpoint[name] {
      if entry.shape != shape { report.withLock { $0.misshapen.append(name) } }
    } else {
      report.withLock { $0.missing.append(name) }
    }
    return try Tensor.zeros([1]).expanded(shape)
  }
}
