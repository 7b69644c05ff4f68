import Foundation

/// Shows a run's progress to whoever watches: as a line written over on a terminal, else as a plain line now and then.
public struct ProgressReport {
  private let line = ProgressLine()
  private let isTerminal: Bool
  private let interval: Double
  private let write: (String) -> Void
  private var text: ProgressText
  private var lastShown = -Double.infinity

  /// - Parameters:
  ///   - step: steps that were done before this process
  ///   - interval: seconds between plain lines
  public init(startingAt step: Int = 0, interval: Double = 30) {
    self.init(startingAt: step, interval: interval, isTerminal: ProgressLine().isTerminal) { text in
      try? FileHandle.standardError.write(contentsOf: Data((text + "\n").utf8))
    }
  }

  /// - Parameter write: takes a line that stays
  package init(
    startingAt step: Int, interval: Double, isTerminal: Bool, write: @escaping (String) -> Void
  ) {
    self.isTerminal = isTerminal
    self.interval = interval
    self.write = write
    text = ProgressText(startingAt: step)
  }

  /// Shows the progress if it is time to: on a terminal ten times a second, else every `interval`, and in any case the
  /// first and the last step.
  public mutating func show(_ progress: RunProgress) {
    text.add(progress)
    let isLast = progress.step >= progress.totalSteps
    guard isLast || progress.seconds - lastShown >= (isTerminal ? 0.1 : interval) else { return }
    lastShown = progress.seconds
    if isTerminal {
      let bar = ProgressLine.bar(progress.step, of: progress.totalSteps, width: 20)
      line.show("\(bar) \(text.line)")
    } else {
      write("step \(text.line)")
    }
  }

  /// Writes a line that stays, such as the figures of a validation; what shows progress goes on below it.
  public func note(_ text: String) {
    line.clear()
    write(text)
  }

  /// Takes the progress away. What it last said stays, where there is a terminal.
  public func finish() {
    guard isTerminal, !text.line.isEmpty else { return }
    note("step \(text.line)")
  }
}
