import CTorch
import Foundation

/// The processes of a run, which work in step: every operation here is called by all of them, in the same order,
/// with tensors of the same shapes and types.
///
/// They talk through c10d's Gloo backend. When a process ends, its connections close, and what waits for it fails at
/// once in all others; one that hangs, or whose machine has gone, is given up after `timeout`.
public final class ProcessGroup: @unchecked Sendable {
  public let environment: RunEnvironment
  let handle: OpaquePointer
  private let name: String

  public var rank: Int { environment.rank }
  public var size: Int { environment.size }

  /// Waits until all processes have come.
  ///
  /// - Parameters:
  ///   - environment: where they meet
  ///   - timeout: how long to wait for others, now and in every operation; longer than one process may be busy
  ///     while the others wait for it
  ///   - interface: the network interface to use, by name or address; by default GLOO_SOCKET_IFNAME, the loopback
  ///     interface where they meet there, or the one that the machine's name belongs to
  /// - Throws: `DistributedError.noMeeting`.
  public init(
    _ environment: RunEnvironment, timeout: Duration = .seconds(600), interface: String? = nil
  ) throws {
    self.environment = environment
    let isLocal = ["localhost", "127.0.0.1", "::1"].contains(environment.address)
    let interface =
      interface ?? ProcessInfo.processInfo.environment["GLOO_SOCKET_IFNAME"]
      ?? (isLocal ? "127.0.0.1" : nil)
    let prefix = environment.attempt.map { "/worker/attempt_\($0)" } ?? "/glip"
    var handle: OpaquePointer?
    let message = Self.withCString(interface) { interface in
      environment.address.withCString { host in
        prefix.withCString { prefix in
          var rendezvous = CTRendezvous(
            host: host, port: environment.port,
            serves: environment.rank == 0 && environment.attempt == nil, prefix: prefix, interface: interface,
            rank: Int32(environment.rank), size: Int32(environment.size),
            milliseconds: max(1, timeout.components.seconds * 1000))
          return ct_group_make(&rendezvous, &handle)
        }
      }
    }
    if let message = take(message) { throw DistributedError.noMeeting(environment, message: message) }
    self.handle = handle!
    name = String(cString: ct_group_name(handle))
  }

  deinit { ct_group_release(handle) }

  private static func withCString<Result>(
    _ text: String?, _ body: (UnsafePointer<CChar>?) -> Result
  ) -> Result {
    if let text { text.withCString(body) } else { body(nil) }
  }
}

// MARK: Operations

extension ProcessGroup {
  private static let allReduce = Operator("_c10d_functional::all_reduce_")
  private static let broadcast = Operator("_c10d_functional::broadcast_")
  private static let allGather = Operator("_c10d_functional::all_gather_into_tensor")
  private static let wait = Operator("_c10d_functional::wait_tensor")

  public enum Reduction: String, Sendable { case sum, mean, min, max }

  /// Replaces each tensor, in place, by what all processes have there, reduced to one.
  public func reduce(_ tensors: [Tensor], _ reduction: Reduction) throws {
    let name = reduction == .mean ? Reduction.sum.rawValue : reduction.rawValue
    try inPlace(tensors) { try Self.allReduce($0, name, self.name) }
    guard reduction == .mean else { return }
    try withoutGradient { for tensor in tensors { try tensor.multiply(inPlace: 1 / Double(size)) } }
  }

  /// Replaces each tensor, in place, by what the process `root` has there.
  public func broadcast(_ tensors: [Tensor], from root: Int = 0) throws {
    try inPlace(tensors) { try Self.broadcast($0, root, name) }
  }

  /// What each process has, by rank.
  public func gather(_ tensor: Tensor) throws -> [Tensor] {
    try naming {
      try withoutGradient {
        // A number becomes a vector of one, as results lie behind each other.
        let part = try tensor.reshaped([1] + tensor.shape)
        let all = try Self.wait(Self.allGather(part.contiguous(), size, name))
        return try (0..<size).map { try all.selected(0, $0) }
      }
    }
  }

  /// Returns when all processes have come here.
  public func barrier() throws { try reduce([.zeros([1])], .sum) }

  /// Starts an operation on each tensor, then waits for them all.
  private func inPlace(_ tensors: [Tensor], _ start: (Tensor) throws -> Tensor) throws {
    try naming {
      try withoutGradient {
        let whole = try tensors.map { try $0.contiguous() }
        for started in try whole.map(start) { try Self.wait(started) }
        for (tensor, whole) in zip(tensors, whole) where try tensor.strides != whole.strides {
          try tensor.copy(from: whole)
        }
      }
    }
  }

  /// Names what failed because another process is gone.
  func naming<Result>(_ body: () throws -> Result) throws -> Result {
    do { return try body() } catch let error as TorchError {
      let message = error.description
      // Gloo's messages begin with the place in its source.
      guard let place = message.range(of: "gloo/"), let end = message[place.upperBound...].range(of: "] ")
      else { throw error }
      throw DistributedError.lostContact(
        rank: rank, size: size, message: String(message[end.upperBound...]))
    }
  }
}
