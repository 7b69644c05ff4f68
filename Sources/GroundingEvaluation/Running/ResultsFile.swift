import Checkpoints
import Foundation

/// The figures of an evaluation and how they came about, for `results.json`.
public struct ResultsFile: Encodable, Sendable {
  public var benchmark: Benchmark
  public var data: String
  public var pictures: Int
  /// By name; null where the data have no object for it.
  public var figures: [String: Double?]
  public var classes: [ClassFigures]
  /// What detections depend on, or the file that they come from.
  public var settings: [String: String]
  /// That this process took, pictures that were done before not included.
  public var seconds: Double
  /// That the network took, on the mean of all pictures; nil where none ran.
  public var secondsPerPicture: Double?

  public struct ClassFigures: Encodable, Sendable {
    public var id: Int?
    public var name: String
    public var objects: Int
    public var figures: [String: Double?]
  }

  public init(
    _ measurement: EvaluationFigures, of data: EvaluationData, settings: [String: String], seconds: Double,
    networkSeconds: Double? = nil
  ) {
    func byName(_ figures: [Figure]) -> [String: Double?] {
      Dictionary(figures.map { ($0.name, $0.value) }) { first, _ in first }
    }
    (benchmark, self.data, pictures) = (data.benchmark, data.dataset.name, data.groundTruth.images.count)
    figures = byName(measurement.figures)
    classes = measurement.classes.map {
      ClassFigures(id: $0.id, name: $0.name, objects: $0.objectCount, figures: byName($0.figures))
    }
    (self.settings, self.seconds) = (settings, seconds)
    secondsPerPicture = networkSeconds.map { $0 / Double(data.groundTruth.images.count) }
  }

  /// Writes the file; it appears when it is complete.
  ///
  /// - Throws: `EvaluationError`.
  public func write(to file: URL) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    do {
      let text = try encoder.encode(self) + Data("\n".utf8)
      let output = try ReplacementFile(for: file)
      try text.withUnsafeBytes { try output.write($0) }
      try output.commit()
    } catch let error as CheckpointError {
      throw EvaluationError(.inaccessible, file: file, error.reason)
    }
  }
}
