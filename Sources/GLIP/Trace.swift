import Synchronization
import Torch

/// Named intermediate tensors of a forward pass, for comparing with another implementation.
///
/// Layers call `Trace.record` at the points that Documentation/parity.md lists; it costs nothing unless a trace
/// is being taken.
public final class Trace: Sendable {
  @TaskLocal static var current: Trace?

  private let recorded = Mutex<[(name: String, tensor: Tensor)]>([])

  public init() {}

  /// What was recorded, in order.
  public var tensors: [(name: String, tensor: Tensor)] { recorded.withLock { $0 } }

  /// Records while `body` runs.
  public func recording<Result>(_ body: () throws -> Result) rethrows -> Result {
    try Trace.$current.withValue(self, operation: body)
  }

  static func record(_ name: @autoclosure () -> String, _ tensor: @autoclosure () throws -> Tensor) rethrows {
    guard let trace = current else { return }
    let entry = (name: name(), tensor: try tensor())
    trace.recorded.withLock { $0.append(entry) }
  }
}
