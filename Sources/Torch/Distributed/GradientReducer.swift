import CTorch

/// Averages gradients over the processes of a group while the backward pass goes on: c10d's reducer, which sends
/// them in buckets as they become ready.
///
/// Every process must have the same tensors in the same order, with the same elements (`ProcessGroup.broadcast`).
/// A tensor that a process did not reach counts there as having a gradient of zero; one that no process reached has
/// none afterwards, as if there were one process. A tensor must not be used by two parts that are `checkpointed`,
/// as its gradient would then come twice.
///
/// Use it from one task at a time. After an error it cannot be used again.
public final class GradientReducer {
  private let tensors: [Tensor]
  private let group: ProcessGroup
  private let handle: OpaquePointer

  /// - Parameter tensors: leaves that require gradients
  public init(_ tensors: [Tensor], group: ProcessGroup) throws {
    self.tensors = tensors
    self.group = group
    var handle: OpaquePointer?
    let handles = tensors.map { Optional($0.handle) }
    try check(
      ct_reducer_make(group.handle, handles, handles.count, &handle), "Making a reducer of gradients")
    self.handle = handle!
  }

  deinit { ct_reducer_release(handle) }

  /// The backward pass of `loss`; afterwards all gradients, what was accumulated before included, are the means of
  /// those of all processes. For losses whose gradients are only accumulated, call their own `backward`.
  ///
  /// - Throws: `DistributedError.lostContact` where another process is gone; what the backward pass throws.
  public func backward(_ loss: Tensor) throws {
    try group.naming {
      try check(ct_reducer_begin(handle), "Preparing to average gradients")
      try loss.backward()
      let isReached = tensors.map { Int32($0.gradient == nil ? 0 : 1) }
      try check(ct_reducer_end(handle), "Averaging gradients")
      let reaching = try Tensor(isReached)
      try group.reduce([reaching], .max)
      for case (let tensor, 0) in try zip(tensors, reaching.elements(Int32.self)) {
        try tensor.setGradient(nil)
      }
    }
  }
}
