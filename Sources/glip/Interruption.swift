import Foundation
import Synchronization

/// Ends the program at Ctrl-C or `kill`, but not while a file is being written: none is left half-done.
enum Interruption {
  private static let writing = Mutex(())

  /// To be called before there is a second thread: threads inherit which signals they leave to the one made here.
  static func watch() {
    var signals = ending
    pthread_sigmask(SIG_BLOCK, &signals, nil)
    Thread.detachNewThread {
      var signals = ending
      while true {
        var signal: Int32 = 0
        sigwait(&signals, &signal)
        writing.withLock { _ in
          pthread_sigmask(SIG_UNBLOCK, &signals, nil)
          // The program ends here, unless it was started with the signal ignored, as by nohup.
          raise(signal)
          pthread_sigmask(SIG_BLOCK, &signals, nil)
        }
      }
    }
  }

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
