import Foundation

/// Which pictures come together, and which of them are this process's.
public struct Batching: Sendable, Hashable {
  /// Pictures in a batch of each process.
  public var size: Int
  public var rank: Int
  public var processes: Int
  /// Whether the last pictures of an epoch that do not fill a batch are completed with its first ones;
  /// otherwise they are left out, others in each epoch.
  public var completesBatches: Bool

  public init(size: Int, rank: Int = 0, processes: Int = 1, completesBatches: Bool = false) {
    (self.size, self.rank) = (size, rank)
    (self.processes, self.completesBatches) = (processes, completesBatches)
  }

  func validate() throws(SettingError) {
    try SettingError.check("batch size", size, atLeast: 1, atMost: 1 << 20)
    try SettingError.check("number of processes", processes, atLeast: 1, atMost: 1 << 20)
    guard (0..<processes).contains(rank) else {
      throw SettingError("rank", rank, "from 0 to \(processes - 1)")
    }
  }
}

/// A place in the stream of batches. With the seed it is all that is needed to go on.
public struct LoaderPosition: Sendable, Hashable, Codable {
  public var epoch: Int
  /// Batches of the epoch that lie before.
  public var batch: Int

  public init(epoch: Int = 0, batch: Int = 0) { (self.epoch, self.batch) = (epoch, batch) }
}

/// The batches of an epoch: all records of a training set in random order, cut into batches of all processes
/// together. Each process has its share of each, so the same pictures meet in a step whatever their number
/// is, as long as the batches of all together are as large.
public struct EpochOrder: Sendable {
  private let entries: [TrainingSet.Entry]
  private let batching: Batching

  /// - Throws: `SettingError`.
  public init(_ set: TrainingSet, epoch: Int, _ batching: Batching) throws {
    try batching.validate()
    self.batching = batching
    var generator = SeededGenerator(seed: set.seed, epoch, -1)
    var shuffled: [TrainingSet.Entry] = []
    for (part, settings) in set.parts.enumerated() {
      let count = settings.dataset.count
      let total = Int((settings.copies * Double(count)).rounded())
      var rest = total
      while rest > 0 {
        let round = rest >= count ? Array(0..<count) : generator.choose(rest, of: count)
        shuffled += round.map { TrainingSet.Entry(part: Int32(part), record: Int32($0)) }
        rest -= round.count
      }
    }
    shuffled.shuffle(using: &generator)
    entries = Self.grouped(shuffled, by: set.shapes, batching)
  }

  /// Batches of this process.
  public var count: Int { entries.count / (batching.size * batching.processes) }

  /// The records of a batch of this process, each with its place among all of the epoch.
  func batch(_ index: Int) -> [(entry: TrainingSet.Entry, place: Int)] {
    let begin = (index * batching.processes + batching.rank) * batching.size
    return (begin..<begin + batching.size).map { (entries[$0], $0) }
  }

  /// Cuts into batches of one shape, in the order in which they fill up.
  private static func grouped(
    _ entries: [TrainingSet.Entry], by shapes: [[Shape]]?, _ batching: Batching
  ) -> [TrainingSet.Entry] {
    let size = batching.size * batching.processes
    var result: [TrainingSet.Entry] = []
    result.reserveCapacity(entries.count)
    var open = [[TrainingSet.Entry]](repeating: [], count: Shape.allCases.count)
    /// The first ones of each shape, to complete its last batch with.
    var first = open
    for entry in entries {
      let shape = Int((shapes?[Int(entry.part)][Int(entry.record)] ?? .unknown).rawValue)
      if first[shape].count < size { first[shape].append(entry) }
      open[shape].append(entry)
      if open[shape].count == size {
        result += open[shape]
        open[shape].removeAll(keepingCapacity: true)
      }
    }
    guard batching.completesBatches else { return result }
    for (rest, first) in zip(open, first) where !rest.isEmpty {
      result += rest + (0..<size - rest.count).map { first[$0 % first.count] }
    }
    return result
  }
}

extension TrainingSet {
  /// The samples of one batch, made on the calling thread: to look at them, or to repeat what a run did
  /// there.
  ///
  /// - Throws: `SampleError` for a record that cannot be used; `SettingError`, also for a batch that the
  ///   epoch lacks.
  public func samples(
    at position: LoaderPosition, _ batching: Batching, onProblem: ((SampleError) -> Void)? = nil
  ) throws -> [Sample] {
    let order = try EpochOrder(self, epoch: position.epoch, batching)
    guard (0..<order.count).contains(position.batch) else {
      throw SettingError("batch", position.batch, "one of the epoch's \(order.count), counted from 0")
    }
    return try order.batch(position.batch).map {
      try sample(of: $0.entry, epoch: position.epoch, place: $0.place, onProblem: onProblem)
    }
  }
}
