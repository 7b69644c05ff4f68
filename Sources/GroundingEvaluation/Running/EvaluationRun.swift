import Foundation
import GLIP
import GroundingData
import Pictures
import Torch

/// One pass of a network over a data set. What is found on a picture is kept as soon as it is done, so that a pass that
/// was interrupted goes on where it was; several processes share the pictures.
///
/// ```swift
/// let data = try EvaluationData(DatasetDescription(annotations: "val.json"))
/// let run = try EvaluationRun(data, settings: [:], results: nil)
/// _ = try run.run(EvaluatedDetector(detector, options: data.benchmark.options))
/// print(try EvaluationFigures(run.found(), on: data).figures)
/// ```
public final class EvaluationRun {
  public enum Ending: Sendable, Hashable { case finished, interrupted }

  public let data: EvaluationData
  /// Seconds that the network took for all pictures that are done, those before a resumption included; set by `found`.
  public private(set) var networkSeconds = 0.0

  private let group: ProcessGroup?
  private let journal: DetectionJournal?
  /// What is found, where there is no journal.
  private var entries: [DetectionJournal.Entry] = []
  /// Records that are still to be done, by all processes.
  private let left: [Int]

  /// Pictures that are still to be looked at when the pass begins, by all processes.
  public var remaining: Int { left.count }

  /// Where the detections of a pass are, in its results folder.
  private static func folder(in results: URL) -> URL { results.appending(path: "found") }

  /// - Parameters:
  ///   - settings: what detections depend on, by name; a pass is resumed with the same ones only
  ///   - results: the folder that detections are kept in; nil to keep them in memory, for a single process
  ///   - isResuming: whether to go on with what is in the folder
  ///   - group: the processes; the folder must be one that they all see
  /// - Throws: `EvaluationError` or `RunLogError`; `DistributedError` where another process is gone.
  public init(
    _ data: EvaluationData, settings: [String: String], results: URL?, isResuming: Bool = false,
    group: ProcessGroup? = nil
  ) throws {
    precondition(results != nil || group == nil, "processes share a folder")
    (self.data, self.group) = (data, group)
    var done: Set<Int> = []
    if let results {
      let folder = Self.folder(in: results)
      if group?.rank ?? 0 == 0 {
        try DetectionJournal.prepare(folder, settings: settings, isResuming: isResuming)
      }
      try group?.barrier()
      try DetectionJournal.check(folder, settings: settings, isResuming: true)
      try DetectionJournal.read(folder) { entry in
        try data.check(entry, in: folder)
        done.insert(entry.record)
      }
      // None may write before all have read, or they would not agree on what is left.
      try group?.barrier()
      journal = try DetectionJournal(folder, rank: group?.rank ?? 0)
    } else {
      journal = nil
    }
    left = data.imageIndices.indices.filter { data.imageIndices[$0] != nil && !done.contains($0) }
  }

  /// Whether a pass could begin in a results folder, or be resumed there, without making anything.
  ///
  /// - Throws: `EvaluationError`, what `init` would throw.
  public static func check(_ results: URL, settings: [String: String], isResuming: Bool) throws {
    try DetectionJournal.check(folder(in: results), settings: settings, isResuming: isResuming)
  }

  /// Looks at the pictures that are left.
  ///
  /// - Parameters:
  ///   - progress: told after every picture how many of how many are done by this process
  ///   - shouldStop: looked at after every picture
  /// - Returns: the same in all processes
  public func run(
    _ detecting: any PictureDetecting, progress: (_ done: Int, _ count: Int) -> Void = { _, _ in },
    shouldStop: () -> Bool = { false }
  ) throws -> Ending {
    let (rank, size) = (group?.rank ?? 0, group?.size ?? 1)
    let own = stride(from: rank, to: left.count, by: size).map { left[$0] }
    let records = try own.map { try data.dataset.record(at: $0) }
    let ahead = ReadAhead(records) { try $0.picture.load() }
    var isStopped = shouldStop()
    for (done, (index, record)) in zip(own, records).enumerated() where !isStopped {
      let picture = try ahead.next()
      let start = ContinuousClock.now
      let found = try data.detect(on: picture, at: index, detecting)
      let seconds = start.duration(to: .now) / .seconds(1)
      let entry = DetectionJournal.Entry(record: index, id: record.id, seconds: seconds, found: found)
      if let journal { try journal.append(entry) } else { entries.append(entry) }
      progress(done + 1, own.count)
      isStopped = shouldStop()
    }
    try journal?.synchronize()
    guard let group else { return isStopped ? .interrupted : .finished }
    // All processes come here, which makes it the place where they wait for one another.
    let stopped = try Tensor([isStopped ? 1 : 0] as [Int64])
    try group.reduce([stopped], .max)
    return try stopped.elements(Int64.self)[0] > 0 ? .interrupted : .finished
  }

  /// What all processes have found, once the pass is finished.
  ///
  /// It does not depend on who found what in which order.
  ///
  /// - Throws: `EvaluationError` where pictures are missing.
  public func found() throws -> FoundObjects {
    networkSeconds = 0
    var isDone = [Bool](repeating: false, count: data.imageIndices.count)
    let found = try FoundObjects(data) { body in
      func take(_ entry: DetectionJournal.Entry) {
        // Whoever is called twice counts once.
        if !isDone[entry.record] { networkSeconds += entry.seconds }
        isDone[entry.record] = true
        body(entry.record, entry.found)
      }
      if let journal { try DetectionJournal.read(journal.folder, take) } else { entries.forEach(take) }
    }
    let missing = data.imageIndices.indices.count { data.imageIndices[$0] != nil && !isDone[$0] }
    guard missing == 0 else {
      throw EvaluationError(
        .invalidParameters, "\(missing) pictures of \(data.dataset.name) are still to be done")
    }
    return found
  }
}

extension EvaluationData {
  /// What is looked for on a record.
  public func prompt(at index: Int) -> Prompt {
    guard benchmark.asksForPhrases else { return .classes(classPrompts) }
    let caption = captions[index]
    return .caption(caption?.text ?? "", spans: caption?.phrases.map(\.span) ?? [])
  }

  /// What is found on a record's picture.
  ///
  /// - Throws: `EvaluationError` naming the record for a caption that cannot be used; what the detector throws.
  public func detect(
    on picture: Picture, at index: Int, _ detecting: any PictureDetecting
  ) throws -> [FoundObject] {
    // A caption without phrases is on none of the benchmark's questions.
    if benchmark.asksForPhrases, captions[index]?.phrases.isEmpty ?? true { return [] }
    do {
      return try detecting.detect(picture, prompt(at: index)).map(FoundObject.init)
    } catch let error as PromptError where benchmark.asksForPhrases {
      throw EvaluationError(
        .malformed, "record \(try dataset.record(at: index).id) of \(dataset.name): \(error)")
    }
  }

  /// Whether a line of a journal is about this data.
  fileprivate func check(_ entry: DetectionJournal.Entry, in folder: URL) throws {
    guard imageIndices.indices.contains(entry.record), imageIndices[entry.record] != nil,
      try dataset.record(at: entry.record).id == entry.id
    else {
      throw EvaluationError(
        .unknownReference, file: folder, "record \(entry.record), \(entry.id), is not one of \(dataset.name)")
    }
    let labels = benchmark.asksForPhrases ? captions[entry.record]?.phrases.count ?? 0 : classIndices.count
    guard entry.found.allSatisfy({ 0..<labels ~= $0.label && $0.score.isFinite && $0.box.isFinite }) else {
      throw EvaluationError(
        .malformed, file: folder, "record \(entry.record) has an object that cannot be")
    }
  }
}
