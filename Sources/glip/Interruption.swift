import Foundation
import Synchronization

/// Ends the program at Ctrl-C or `kill`, but not while a file is being written: none is left half-done.
enum Interruption {
  private static let writing = Mutex(())
  private static let request = Mutex<(@Sendable () -> Void)?>(nil)

  /// To be called before there is a second thread: threads inherit which signals they leave to the one made here.
  static func watch() {
    var signals = ending
    pthread_sigmask(SIG_BLOCK, &signals, nil)
    Thread.detachNewThread {
      var signals = ending
      while true {
        var signal: Int32 = 0
        sigwait(&signals, &signal)
        let asked = request.withLock { asked in
          defer { asked = nil }
          return asked
        }
        if let asked {
          asked()
          continue
        }
        writing.withLock { _ in
          pthread_sigmask(SIG_UNBLOCK, &signals, nil)
          // The program ends here, unless it was started with the signal ignored, as by nohup.
          raise(signal)
          pthread_sigmask(SIG_BLOCK, &signals, nil)
        }
      }
    }
  }

  /// The next signal calls `body` instead of ending the program; the one after that ends it.
  static func askOnce(_ body: @escaping @Sendable () -> Void) { request.withLock { $0 = body } }

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
