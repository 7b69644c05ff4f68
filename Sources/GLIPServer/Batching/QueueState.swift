import GLIP

/// A request's pictures, as they wait for the network.
struct DetectionJob: Sendable {
  let inputs: [NetworkInput]
  let prompt: Prompt
  let options: DetectionOptions
  let arrival: ContinuousClock.Instant
  let deadline: ContinuousClock.Instant
  let result: CheckedContinuation<[[Detection]], any Error>
}

/// What waits, and how long it takes.
struct QueueState {
  let capacity: Int
  var waiting: [DetectionJob] = []
  /// Pictures between admission and result.
  var admitted = 0
  /// Requests whose pictures are not here yet.
  var announced = 0
  var isClosed = false
  /// Running mean of the network's time.
  private var secondsPerPicture = 0.1

  init(capacity: Int) { self.capacity = capacity }

  /// - Parameter count: 0 to ask only whether there is room for one.
  /// - Returns: nil if there is room, else in how many seconds there will be.
  mutating func admit(_ count: Int) -> Int? {
    guard admitted + max(count, 1) <= capacity else {
      return Int(min(max(Double(admitted) * secondsPerPicture, 1).rounded(.up), 60))
    }
    admitted += count
    return nil
  }

  /// Whether waiting may bring more pictures for the prompt.
  func mayGrow(beyond prompt: Prompt, to most: Int) -> Bool {
    announced > 0
      && waiting.lazy.filter { $0.prompt == prompt }.reduce(0) { $0 + $1.inputs.count } < most
  }

  /// The oldest job, and those with the same prompt that run with it.
  mutating func takeBatch(of most: Int) -> [DetectionJob] {
    var taken: [DetectionJob] = []
    var count = 0
    var rest: [DetectionJob] = []
    for job in waiting {
      if taken.isEmpty || job.prompt == taken[0].prompt && count + job.inputs.count <= most {
        taken.append(job)
        count += job.inputs.count
      } else {
        rest.append(job)
      }
    }
    waiting = rest
    return taken
  }

  mutating func note(_ time: Duration, pictures: Int) {
    secondsPerPicture += 0.1 * (time.seconds / Double(max(pictures, 1)) - secondsPerPicture)
  }
}
