/// How far a run is and how it does, as whoever trains tells it after a step. It prints nothing itself.
public struct RunProgress: Sendable {
  /// Steps that are done, those before a resumption included.
  public var step: Int
  public var totalSteps: Int
  /// Samples that this process's steps have used; on many processes, all of theirs.
  public var samples: Int
  /// Seconds since this process's first step began, pauses for validation included.
  public var seconds: Double
  /// The loss, then the terms that it is the sum of.
  public var losses: [(name: String, value: Double)]
  public var learningRate: Double
  /// Bytes in use, of the process or of its accelerator; `nil` where the system does not tell.
  public var memoryBytes: Int?

  public init(
    step: Int, of totalSteps: Int, samples: Int, seconds: Double, losses: [(name: String, value: Double)],
    learningRate: Double, memoryBytes: Int? = nil
  ) {
    self.step = step
    self.totalSteps = totalSteps
    self.samples = samples
    self.seconds = seconds
    self.losses = losses
    self.learningRate = learningRate
    self.memoryBytes = memoryBytes
  }
}
