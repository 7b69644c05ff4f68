/// How far a download has come.
public struct DownloadProgress: Sendable, Equatable {
  /// Bytes on disk, those of earlier attempts included.
  public let received: Int64
  /// The whole file's bytes, unless the server does not say.
  public let total: Int64?
  /// Bytes a second since this connection began to deliver; 0 before that.
  public let rate: Double

  /// The time that the rest takes at this rate.
  public var remaining: Duration? {
    guard let total, rate > 0 else { return nil }
    return .seconds(Double(max(0, total - received)) / rate)
  }
}

/// Reports at most ten times a second, and always at the end.
struct ProgressMeter {
  let report: @Sendable (DownloadProgress) -> Void
  private let start = ContinuousClock.now
  private let startBytes: Int64
  private var last: ContinuousClock.Instant?

  init(startBytes: Int64, report: @escaping @Sendable (DownloadProgress) -> Void) {
    self.startBytes = startBytes
    self.report = report
  }

  mutating func update(received: Int64, total: Int64?, finished: Bool = false) {
    let now = ContinuousClock.now
    if let last, !finished, now - last < .milliseconds(100) { return }
    last = now
    let seconds = (now - start) / .seconds(1)
    let rate = seconds > 0 ? Double(received - startBytes) / seconds : 0
    report(DownloadProgress(received: received, total: total, rate: rate))
  }
}
