import Synchronization

/// What happens at a malformed record.
public enum FaultPolicy: String, Codable, Sendable, CaseIterable {
  /// It is left out, or its object is, and the log tells of it.
  case skip
  /// It is thrown.
  case fail
}

/// Everything that was found to be wrong with a data set, each thing once, however often it is read.
public final class FaultLog: Sendable {
  public let policy: FaultPolicy

  /// A file of another format may have a fault in each of millions of records; more are only counted.
  public static let limit = 100_000

  private struct State {
    var order: [DatasetError] = []
    var known: Set<DatasetError> = []
    var unlisted = 0
  }

  private let state = Mutex(State())

  public init(_ policy: FaultPolicy) { self.policy = policy }

  /// Keeps an error, or throws it if that is the policy.
  public func note(_ error: DatasetError) throws(DatasetError) {
    if policy == .fail { throw error }
    state.withLock { state in
      guard state.order.count < Self.limit else {
        if !state.known.contains(error) { state.unlisted += 1 }
        return
      }
      if state.known.insert(error).inserted { state.order.append(error) }
    }
  }

  /// In the order in which they were found.
  public var errors: [DatasetError] { state.withLock(\.order) }

  /// How many there are, those beyond the limit included.
  public var count: Int { state.withLock { $0.order.count + $0.unlisted } }
}
