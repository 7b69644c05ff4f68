import Foundation
import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

/// Starts the processes of a run on this machine, and ends all when one fails.
///
/// They find each other on the loopback interface (`RunEnvironment`). SIGINT, SIGTERM and SIGHUP are handed on to them. They
/// have process groups of their own, so that a Ctrl-C reaches each once.
public struct Launcher: Sendable {
  /// How a run ended.
  public enum Outcome: Sendable, Hashable, CustomStringConvertible {
    case finished
    /// A process failed, and the others were ended.
    case failed(rank: Int, Ending)

    public var description: String {
      switch self {
      case .finished: "All processes finished."
      case .failed(let rank, .exit(let status)):
        "Process \(rank) failed with exit status \(status); all were ended."
      case .failed(let rank, .signal(let number)):
        "Process \(rank) was ended by signal \(number) (\(String(cString: strsignal(number)))); all were ended."
      }
    }
  }

  /// How a process ended.
  public enum Ending: Sendable, Hashable {
    case exit(Int32)
    case signal(Int32)

    init(waitStatus status: Int32) {
      let signal = status & 0x7f
      self = signal == 0 ? .exit((status >> 8) & 0xff) : .signal(signal)
    }
  }

  public var executable: String
  public var arguments: [String]
  public var processes: Int
  /// Between SIGTERM and SIGKILL for those that a failure of another ends.
  public var grace: Duration

  /// - Parameters:
  ///   - processes: how many
  ///   - executable: the program, this one by default
  ///   - arguments: without the program's name
  public init(
    processes: Int, executable: String = "/proc/self/exe", arguments: [String], grace: Duration = .seconds(30)
  ) {
    (self.executable, self.arguments) = (executable, arguments)
    (self.processes, self.grace) = (processes, grace)
  }

  /// Runs them until the last has ended. Takes over those signals for that time; call it once at a time.
  ///
  /// - Throws: `DistributedError.noStart`, nothing being left running.
  public func run() throws -> Outcome {
    let handedOn = [SIGINT, SIGTERM, SIGHUP]
    Self.pending.store(0, ordering: .relaxed)
    let previous = handedOn.map { number in
      let before = signal(number) { Launcher.pending.store($0, ordering: .relaxed) }
      // What is ignored (SIGHUP under nohup) stays so.
      if unsafeBitCast(before, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self) {
        signal(number, before)
      }
      return before
    }
    defer { for (number, handler) in zip(handedOn, previous) { signal(number, handler) } }

    // Whoever started this program may have left them blocked.
    var wanted = sigset_t()
    var mask = sigset_t()
    sigemptyset(&wanted)
    for number in handedOn { sigaddset(&wanted, number) }
    pthread_sigmask(SIG_UNBLOCK, &wanted, &mask)
    defer { pthread_sigmask(SIG_SETMASK, &mask, nil) }

    var running: [Int: pid_t] = [:]
    var failure: (rank: Int, ending: Ending, time: ContinuousClock.Instant)?
    func send(_ number: Int32) { for process in running.values { kill(process, number) } }
    func reap(_ options: Int32) {
      for (rank, process) in running {
        var status: Int32 = 0
        guard waitpid(process, &status, options) == process else { continue }
        running[rank] = nil
        let ending = Ending(waitStatus: status)
        guard ending != .exit(0), failure == nil else { continue }
        failure = (rank, ending, .now)
        send(SIGTERM)
      }
    }
    do {
      let port = try Self.freePort()
      for rank in 0..<processes {
        running[rank] = try start(RunEnvironment(rank: rank, size: processes, port: port))
      }
    } catch {
      send(SIGKILL)
      reap(0)
      throw error
    }
    var isKilled = false
    while !running.isEmpty {
      reap(WNOHANG)
      let number = Self.pending.exchange(0, ordering: .relaxed)
      if number != 0 { send(number) }
      if let failure, !isKilled, failure.time.duration(to: .now) > grace {
        isKilled = true
        send(SIGKILL)
      }
      usleep(20_000)
    }
    return failure.map { .failed(rank: $0.rank, $0.ending) } ?? .finished
  }

  /// The signal to hand on, or zero; all that a handler may touch.
  private static let pending = Atomic<Int32>(0)

  private func start(_ environment: RunEnvironment) throws -> pid_t {
    let variables = ProcessInfo.processInfo.environment.merging(environment.variables) { $1 }
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
    let strings = ([CommandLine.arguments.first ?? executable] + arguments).map { strdup($0) }
    let settings = variables.map { strdup("\($0)=\($1)") }
    defer { for text in strings + settings { free(text) } }
    var process: pid_t = 0
    let code = posix_spawn(&process, executable, nil, &attributes, strings + [nil], settings + [nil])
    guard code == 0 else {
      throw DistributedError.noStart(executable, reason: String(cString: strerror(code)))
    }
    return process
  }

  /// A port of the loopback interface that nobody listens at now.
  package static func freePort() throws -> UInt16 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let code = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        bind(descriptor, pointer, length) == 0 ? getsockname(descriptor, pointer, &length) : -1
      }
    }
    guard code == 0 else {
      throw DistributedError.noStart(
        "A server", reason: "no port of the loopback interface is free (\(String(cString: strerror(errno))))")
    }
    return UInt16(bigEndian: address.sin_port)
  }
}
