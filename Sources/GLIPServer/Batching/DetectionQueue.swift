import Foundation
import GLIP
import Synchronization

/// Pictures on their way to the network, which runs on one thread of its own.
///
/// A picture waits a little for others with the same prompt, and all of them run together. Thresholds may differ:
/// the network runs with the lowest, and each request gets what passes its own.
final class DetectionQueue: Sendable {
  private let detector: Detector
  private let window: Duration
  private let largestBatch: Int
  private let metrics: ServiceMetrics
  private let state: Mutex<QueueState>
  /// Something may have changed.
  private let changes = DispatchSemaphore(value: 0)

  /// - Parameters:
  ///   - capacity: most pictures between their admission and their result
  ///   - window: how long a picture waits for others
  ///   - largestBatch: most pictures that run together
  init(
    _ detector: Detector, capacity: Int, window: Duration, largestBatch: Int, metrics: ServiceMetrics
  ) {
    self.detector = detector
    self.window = window
    self.largestBatch = largestBatch
    self.metrics = metrics
    state = Mutex(QueueState(capacity: capacity))
  }

  /// To be called once, before anything is asked for.
  func start() {
    let thread = Thread { [self] in
      while let jobs = nextBatch() { run(jobs) }
    }
    thread.name = "glip-network"
    thread.start()
  }

  /// To be called when nothing more will be asked for; what was asked for is still done.
  func close() {
    state.withLock { $0.isClosed = true }
    changes.signal()
  }

  /// Pictures between admission and result.
  var depth: Int { state.withLock { $0.admitted } }

  // MARK: Entering

  /// Room for some pictures, until the result goes.
  ///
  /// - Throws: `APIError.Code.queueFull` if there is none.
  func admit(_ count: Int) throws(APIError) -> QueuePlace {
    let wait = state.withLock { $0.admit(count) }
    if let wait {
      throw APIError(
        .queueFull, "The server is busy with other pictures; try again in \(wait) s.",
        headers: [.retryAfter: "\(wait)"])
    }
    return QueuePlace { [self] in state.withLock { $0.admitted -= count } }
  }

  /// Announces a request whose picture is not there yet, so that others wait for it.
  func announce() -> QueuePlace {
    state.withLock { $0.announced += 1 }
    return QueuePlace { [self] in state.withLock { $0.announced -= 1 } }
  }

  /// What is found on each picture.
  ///
  /// - Parameter announcement: ends with this call.
  /// - Throws: `APIError` after `deadline`, or what the detector throws.
  func detect(
    _ inputs: [NetworkInput], _ prompt: Prompt, _ options: DetectionOptions,
    deadline: ContinuousClock.Instant, announcement: QueuePlace
  ) async throws -> [[Detection]] {
    try await withCheckedThrowingContinuation { continuation in
      let job = DetectionJob(
        inputs: inputs, prompt: prompt, options: options, arrival: .now, deadline: deadline,
        result: continuation)
      let isClosed = state.withLock { state in
        if !state.isClosed { state.waiting.append(job) }
        return state.isClosed
      }
      announcement.leave()
      if isClosed { return continuation.resume(throwing: APIError(.notReady, "The server is stopping.")) }
      changes.signal()
    }
  }

  // MARK: The thread

  /// Waits for pictures, then for others to run with; nil when the queue is closed and empty.
  private func nextBatch() -> [DetectionJob]? {
    while true {
      let (first, isClosed) = state.withLock { ($0.waiting.first, $0.isClosed) }
      guard let first else {
        if isClosed { return nil }
        changes.wait()
        continue
      }
      let end = first.arrival + window
      while state.withLock({ $0.mayGrow(beyond: first.prompt, to: largestBatch) }) {
        let rest = end - .now
        guard rest > .zero, changes.wait(timeout: .now() + rest.seconds) == .success else { break }
      }
      return state.withLock { $0.takeBatch(of: largestBatch) }
    }
  }

  private func run(_ jobs: [DetectionJob]) {
    let start = ContinuousClock.now
    let late = APIError(.waitedTooLong, "The network was busy for longer than a request may wait.")
    for job in jobs where job.deadline <= start { job.result.resume(throwing: late) }
    let jobs = jobs.filter { $0.deadline > start }
    guard let first = jobs.first else { return }
    var options = first.options
    options.threshold = jobs.map(\.options.threshold).min() ?? 0
    options.maximumDetections = jobs.map(\.options.maximumDetections).max() ?? 1
    do {
      var found = try detector.detect(jobs.flatMap(\.inputs), first.prompt, options: options)[...]
      let pictures = found.count
      let time = .now - start
      state.withLock { $0.note(time, pictures: pictures) }
      metrics.batch(pictures: pictures, seconds: time.seconds)
      for job in jobs {
        metrics.waited(seconds: (start - job.arrival).seconds)
        job.result.resume(returning: found.prefix(job.inputs.count).map { $0.reported(job.options) })
        found = found.dropFirst(job.inputs.count)
      }
    } catch {
      // One request's failure, for want of memory say, shall not be another's.
      if jobs.count == 1 {
        first.result.resume(throwing: error)
      } else {
        for job in jobs { run([job]) }
      }
    }
  }
}

extension Duration {
  var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
