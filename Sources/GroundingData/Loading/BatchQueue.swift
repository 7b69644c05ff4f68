import Foundation

/// What the threads of a loader share: the batches in the making, oldest first.
///
/// Whatever varies, in here and in `PendingBatch`, is touched with the condition's lock held.
final class BatchQueue: @unchecked Sendable {
  /// A sample to be made.
  struct Job {
    let batch: PendingBatch
    let slot: Int
  }

  /// What was made of a job.
  struct Made {
    var sample: Result<Sample, SampleError>
    var problems: [SampleError]
  }

  /// A batch that is complete, or why it is not.
  struct Delivery {
    let batch: Result<Batch, any Error>
    /// In the order of its samples.
    let problems: [SampleError]
    /// Where the stream goes on after it.
    let next: LoaderPosition
  }

  /// A batch whose samples are being made.
  final class PendingBatch {
    fileprivate let entries: [(entry: TrainingSet.Entry, place: Int)]
    fileprivate let epoch: Int
    fileprivate let next: LoaderPosition
    fileprivate var begun = 0
    fileprivate var made: [Int: Made] = [:]
    fileprivate var delivery: Delivery?

    fileprivate init(
      _ entries: [(entry: TrainingSet.Entry, place: Int)], epoch: Int, next: LoaderPosition
    ) {
      (self.entries, self.epoch, self.next) = (entries, epoch, next)
    }
  }

  private let set: TrainingSet
  private let batching: Batching
  private let epochs: Int?
  private let depth: Int
  private let replacesFaults: Bool

  private let condition = NSCondition()
  private var pending: [PendingBatch] = []
  private var order: EpochOrder
  /// Of the next batch to begin.
  private var position: LoaderPosition
  /// Set when no batch will be begun any more: an error, if that is why.
  private var end: Result<Void, any Error>?
  private var isCancelled = false

  /// - Parameters:
  ///   - epochs: nil for a stream without end
  ///   - depth: batches that are complete or in the making at a time
  /// - Throws: `SettingError`.
  init(
    _ set: TrainingSet, _ batching: Batching, from position: LoaderPosition, epochs: Int?, depth: Int,
    replacesFaults: Bool
  ) throws {
    (self.set, self.batching, self.position) = (set, batching, position)
    (self.epochs, self.depth, self.replacesFaults) = (epochs, depth, replacesFaults)
    order = try EpochOrder(set, epoch: position.epoch, batching)
    guard order.count > 0 else {
      throw SettingError("batch size", batching.size * batching.processes, "small enough for one full batch")
    }
  }

  func cancel() {
    condition.withLock {
      isCancelled = true
      pending = []
      condition.broadcast()
    }
  }

  /// Waits for the oldest batch.
  ///
  /// - Returns: nil after the last one.
  /// - Throws: where the order of an epoch could not be made.
  func receive() throws -> Delivery? {
    try condition.withLock {
      while !isCancelled {
        if let delivery = pending.first?.delivery {
          pending.removeFirst()
          condition.broadcast()
          return delivery
        }
        if pending.isEmpty, let end {
          try end.get()
          return nil
        }
        condition.wait()
      }
      return nil
    }
  }

  // MARK: For the threads that make samples

  /// Makes samples until there are no more to make.
  func work() {
    while let job = take() { finish(job, make(job)) }
  }

  /// The next sample to make, once there is room for its batch.
  private func take() -> Job? {
    condition.withLock {
      while !isCancelled {
        if let batch = pending.last, batch.begun < batch.entries.count {
          batch.begun += 1
          return Job(batch: batch, slot: batch.begun - 1)
        }
        if end != nil { return nil }
        if pending.count < depth { begin() } else { condition.wait() }
      }
      return nil
    }
  }

  /// Puts the batch after those that were begun into the queue, or ends the stream.
  private func begin() {
    do {
      while position.batch >= order.count {
        position = LoaderPosition(epoch: position.epoch + 1)
        if let epochs, position.epoch >= epochs { break }
        order = try EpochOrder(set, epoch: position.epoch, batching)
      }
      if let epochs, position.epoch >= epochs {
        end = .success(())
      } else {
        let entries = order.batch(position.batch)
        position.batch += 1
        pending.append(PendingBatch(entries, epoch: position.epoch, next: position))
      }
    } catch {
      end = .failure(error)
    }
    condition.broadcast()
  }

  private func make(_ job: Job) -> Made {
    let (entry, place) = job.batch.entries[job.slot]
    var problems: [SampleError] = []
    let sample = Result { () throws(SampleError) in
      try set.sample(
        of: entry, epoch: job.batch.epoch, place: place,
        onProblem: replacesFaults ? { problems.append($0) } : nil)
    }
    return Made(sample: sample, problems: problems)
  }

  /// Keeps what was made. The thread that brings the last sample of a batch puts it together.
  private func finish(_ job: Job, _ made: Made) {
    let batch = job.batch
    let all: [Made]? = condition.withLock {
      batch.made[job.slot] = made
      guard batch.made.count == batch.entries.count, !isCancelled else { return nil }
      defer { batch.made = [:] }
      return batch.entries.indices.compactMap { batch.made[$0] }
    }
    guard let all else { return }
    let result = Result {
      try Batch(
        all.map { try $0.sample.get() }, tokenizer: set.tokenizer, maximumTokens: set.maximumTokens)
    }
    condition.withLock {
      batch.delivery = Delivery(batch: result, problems: all.flatMap(\.problems), next: batch.next)
      condition.broadcast()
    }
  }
}
