import Foundation
import Synchronization

/// Reads, prepares and batches the records of a training set on threads of its own, ahead of the training.
///
/// ```swift
/// let loader = try BatchLoader(set, Batching(size: 4), from: position)
/// while let batch = try loader.next() {
///   …
///   position = loader.position  // to be saved: a loader that begins there gives the batches to follow
/// }
/// ```
///
/// The batches and their order depend on the training set with its seed, on `Batching`, and on nothing else.
/// To be used from one thread at a time; the last reference gone, or `cancel()` called, no thread is left.
public final class BatchLoader: Sendable {
  private let queue: BatchQueue
  private let threads = DispatchGroup()
  private let onProblem: (@Sendable (SampleError) -> Void)?
  private let delivered: Mutex<LoaderPosition>

  /// - Parameters:
  ///   - position: where to begin
  ///   - epochs: the number of the epoch to end before; nil for a stream without end
  ///   - workers: threads that decode and resize
  ///   - depth: batches that are complete or in the making at a time, which bounds the memory
  ///   - onProblem: told, on the thread that calls `next()` and before the batch comes, of each record that
  ///     could not be used; another of its data set stands in for it. Nil to throw the problem from `next()`.
  /// - Throws: `SettingError`, also where there are too few records for one batch.
  public init(
    _ set: TrainingSet, _ batching: Batching, from position: LoaderPosition = LoaderPosition(),
    epochs: Int? = nil, workers: Int = 2, depth: Int = 3,
    onProblem: (@Sendable (SampleError) -> Void)? = nil
  ) throws {
    try SettingError.check("number of workers", workers, atLeast: 1, atMost: 1024)
    try SettingError.check("number of batches ahead", depth, atLeast: 1)
    try SettingError.check("epoch to begin with", position.epoch, atLeast: 0)
    try SettingError.check("batch to begin with", position.batch, atLeast: 0)
    let queue = try BatchQueue(
      set, batching, from: position, epochs: epochs, depth: depth, replacesFaults: onProblem != nil)
    (self.queue, self.onProblem) = (queue, onProblem)
    delivered = Mutex(position)
    for number in 1...workers {
      threads.enter()
      let thread = Thread { [threads] in
        queue.work()
        threads.leave()
      }
      thread.name = "loader \(number)"
      thread.start()
    }
  }

  deinit { cancel() }

  /// Where the stream goes on after the last batch that `next()` returned.
  public var position: LoaderPosition { delivered.withLock { $0 } }

  /// The next batch; waits until it is there.
  ///
  /// - Returns: nil after the last epoch, or once cancelled.
  /// - Throws: `SampleError` for a record that cannot be used, `DetectorError`, `TorchError`. The batch is
  ///   passed over; `position` is behind it.
  public func next() throws -> Batch? {
    guard let delivery = try queue.receive() else { return nil }
    delivered.withLock { $0 = delivery.next }
    for problem in delivery.problems { onProblem?(problem) }
    return try delivery.batch.get()
  }

  /// Ends the stream. Returns when all threads have ended, which takes as long as the samples that they are
  /// at.
  public func cancel() {
    queue.cancel()
    threads.wait()
  }
}
