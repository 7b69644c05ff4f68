import Foundation
import Synchronization

/// A program that runs beside this one, and whose standard input or output is ours to write or read.
///
/// It is looked for in `PATH`. It has a process group of its own, so that a Ctrl-C at the terminal reaches only us; it
/// is ended when this object goes.
final class ChildProgram: Sendable {
  /// Which stream of the program is connected to this one. The other is the null device.
  enum Stream {
    case input, output
  }

  /// How it ended.
  struct Ending: Sendable {
    let isSuccess: Bool
    /// What it said last on its standard error stream, if anything.
    let lastLine: String?

    /// What ffmpeg said, without the part of it that spoke and without the file's name.
    func complaint(about path: String) -> String {
      guard var line = lastLine else { return "ffmpeg ended without a word" }
      if line.hasPrefix("["), let end = line.firstRange(of: "] ") { line.removeSubrange(..<end.upperBound) }
      let name = "file:\(path): "
      if line.hasPrefix(name) { line.removeFirst(name.count) }
      return "ffmpeg says '\(line.trimmingCharacters(in: [" ", "."]))'"
    }
  }

  private let process: pid_t
  private let stream: Descriptor
  private let lastLine: LastLine
  /// What `waitpid` said; from then on the system may give the process's number to another.
  private let status = Mutex<Int32?>(nil)

  init(_ name: String, _ arguments: [String], connecting stream: Stream) throws(VideoError) {
    guard let (ours, theirs) = Descriptor.connection(), let (errors, said) = Descriptor.connection() else {
      throw .notStarted(program: name, reason: systemReason(errno))
    }
    var process: pid_t = 0
    let code = Self.spawn(
      &process, name, arguments,
      streams: [stream == .input ? theirs : nil, stream == .output ? theirs : nil, said])
    guard code == 0 else {
      throw code == ENOENT ? .notInstalled : .notStarted(program: name, reason: systemReason(code))
    }
    self.process = process
    self.stream = ours
    lastLine = LastLine(from: errors)
  }

  deinit {
    kill()
    _ = finish()
  }

  /// Fills the buffer with what the program writes, or as much of it as comes; how many bytes came.
  func read(into buffer: UnsafeMutableRawBufferPointer) -> Int { stream.read(into: buffer) }

  /// Whether the program took all bytes.
  func write(_ bytes: UnsafeRawBufferPointer) -> Bool { stream.write(bytes) }

  /// Lets the program know that we neither write nor read any more, and waits for its end.
  @discardableResult func finish() -> Ending {
    shutdown(stream.number, Int32(SHUT_RDWR))
    // Without taking its number from it yet: `kill` may come meanwhile.
    var info = siginfo_t()
    while waitid(P_PID, id_t(process), &info, WEXITED | WNOWAIT) != 0, errno == EINTR {}
    let status = status.withLock { status in
      var fresh: Int32 = 0
      if status == nil { waitpid(process, &fresh, 0) }
      status = status ?? fresh
      return status
    }
    return Ending(isSuccess: status == 0, lastLine: lastLine.wait())
  }

  /// Ends it at once.
  func kill() {
    status.withLock { if $0 == nil { _ = Foundation.kill(process, SIGKILL) } }
  }

  /// - Parameter streams: the program's standard streams; nil for the null device.
  /// - Returns: zero, or the number of an error
  private static func spawn(
    _ process: inout pid_t, _ name: String, _ arguments: [String], streams: [Descriptor?]
  ) -> Int32 {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for (number, stream) in zip(Int32(0)..., streams) {
      if let stream {
        posix_spawn_file_actions_adddup2(&actions, stream.number, number)
      } else {
        posix_spawn_file_actions_addopen(&actions, number, "/dev/null", O_RDWR, 0)
      }
    }
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var all = sigset_t()
    var none = sigset_t()
    sigfillset(&all)
    sigemptyset(&none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))
    let strings = ([name] + arguments).map { strdup($0) }
    let settings = ProcessInfo.processInfo.environment.map { strdup("\($0)=\($1)") }
    defer { for text in strings + settings { free(text) } }
    return withExtendedLifetime(streams) {
      posix_spawnp(&process, name, &actions, &attributes, strings + [nil], settings + [nil])
    }
  }
}

/// What the system says of an error's number.
func systemReason(_ code: Int32) -> String { String(cString: strerror(code)).lowercased() }
