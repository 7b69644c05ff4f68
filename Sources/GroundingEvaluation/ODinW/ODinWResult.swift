import Foundation

/// What was measured on a task, and what the figures are of.
public struct ODinWResult: Codable, Sendable, Hashable {
  public var task: String
  /// The part of the data that was measured, such as `val`.
  public var part: String
  public var prompt: ODinWPrompt
  /// The network that was asked, or that training began with.
  public var checkpoint: String
  /// Nil where the network was asked as it is.
  public var training: Training?
  public var pictures: Int?
  /// By name, from 0 to 1; null where the data have no object for it.
  public var figures: [String: Double?]
  /// Why there are no figures.
  public var failure: String?

  public struct Training: Codable, Sendable, Hashable {
    /// Pictures of each class; nil for all pictures.
    public var shots: Int?
    /// Which of the task's samples of pictures; nil for all pictures.
    public var seed: Int?

    public init(shots: Int?, seed: Int?) { (self.shots, self.seed) = (shots, seed) }
  }

  public init(
    task: String, part: String, prompt: ODinWPrompt, checkpoint: String, training: Training? = nil,
    pictures: Int? = nil, figures: [String: Double?] = [:], failure: String? = nil
  ) {
    (self.task, self.part, self.prompt, self.checkpoint) = (task, part, prompt, checkpoint)
    (self.training, self.pictures, self.figures, self.failure) = (training, pictures, figures, failure)
  }

  /// The figure that ODinW is summed up by.
  public var averagePrecision: Double? { figures["AP"] ?? nil }
}

/// Results of several tasks, summed up.
public struct ODinWSummary: Encodable, Sendable, Hashable {
  public var results: [ODinWResult]
  /// Of the tasks' average precisions; of a task that was measured with several seeds, the mean counts.
  public var average: Double?
  public var median: Double?
  /// Tasks that these are of, and that there are.
  public var measuredTasks: Int
  public var tasks: Int

  public init(_ results: [ODinWResult]) {
    self.results = results
    let byTask = Dictionary(grouping: results, by: \.task)
    let figures = byTask.values.compactMap { results -> Double? in
      let values = results.map(\.averagePrecision)
      // The mean over some of the seeds would be another figure.
      guard !values.contains(nil) else { return nil }
      return values.compactMap(\.self).reduce(0, +) / Double(values.count)
    }.sorted()
    (tasks, measuredTasks) = (byTask.count, figures.count)
    guard !figures.isEmpty else { return }
    average = figures.reduce(0, +) / Double(figures.count)
    median = (figures[(figures.count - 1) / 2] + figures[figures.count / 2]) / 2
  }

  /// Writes the file; it appears when it is complete.
  ///
  /// - Throws: `EvaluationError`.
  public func write(to file: URL) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    do { try (encoder.encode(self) + Data("\n".utf8)).write(to: file, options: .atomic) } catch {
      throw EvaluationError(.inaccessible, file: file, "cannot be written (\(error.localizedDescription))")
    }
  }
}
