import Foundation
import Synchronization

/// Ends the program at Ctrl-C or `kill`, but not while a file is being written: none is left half-done.
enum Interruption {
  private static let writing = Mutex(())
  /// Gets signals in place of the program's end, and answers whether it has taken one.
  private static let handler = Mutex<(@Sendable (Int32) -> Bool)?>(nil)

  /// To be called before there is a second thread: threads inherit which signals they leave to the one made here.
  static func watch() {
    var signals = ending
    pthread_sigmask(SIG_BLOCK, &signals, nil)
    Thread.detachNewThread {
      var signals = ending
      while true {
        var signal: Int32 = 0
        sigwait(&signals, &signal)
        if let handler = handler.withLock({ $0 }), handler(signal) { continue }
        writing.withLock { _ in
          pthread_sigmask(SIG_UNBLOCK, &signals, nil)
          // The program ends here, unless it was started with the signal ignored, as by nohup.
          raise(signal)
          pthread_sigmask(SIG_BLOCK, &signals, nil)
        }
      }
    }
  }

  /// The next signal calls `body` instead of ending the program; one that comes half a second after it or later ends it.
  static func askOnce(_ body: @escaping @Sendable () -> Void) {
    let asked = Mutex<ContinuousClock.Instant?>(nil)
    handle { _ in
      asked.withLock { time in
        // A process gets a signal that is sent to all of a run from its launcher once more: one request, not two.
        if let time { return time.duration(to: .now) < .milliseconds(500) }
        time = .now
        body()
        return true
      }
    }
  }

  /// Whether the user has asked the program to end soon.
  final class Request: Sendable {
    fileprivate let wasMade = Atomic(false)
    var isMade: Bool { wasMade.load(ordering: .relaxed) }
  }

  /// The next signal is taken as a request; the one after that ends the program, after `cleanUp`.
  static func request(cleanUp: @escaping @Sendable () -> Void) -> Request {
    let request = Request()
    handle { _ in
      guard request.wasMade.exchange(true, ordering: .relaxed) else { return true }
      cleanUp()
      return false
    }
    return request
  }

  /// Signals go to `body`; those for which it answers false end the program.
  static func handle(_ body: @escaping @Sendable (Int32) -> Bool) { handler.withLock { $0 = body } }

  /// Runs `body` to its end before a signal counts.
  static func whileDeferred(_ body: () throws -> Void) rethrows {
    try writing.withLock { _ in try body() }
  }

  private static var ending: sigset_t {
    var signals = sigset_t()
    sigemptyset(&signals)
    for signal in [SIGINT, SIGTERM, SIGHUP] { sigaddset(&signals, signal) }
    return signals
  }
}
