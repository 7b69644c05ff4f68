import CTorch
import Foundation
import Synchronization

/// Runs a part of the network such that of its activations only the inputs are kept; the backward pass runs it again.
///
/// The second run sees the same inputs, random numbers, autocast and `Regularization` as the first, so outputs and gradients are what
/// they would be without it. Parameters that `body` uses get their gradients, also where no input requires one.
/// Where nothing is recorded, `body` just runs. Parts may be nested.
///
/// What `body` throws is thrown, in the second run by `backward`, as the text of a `TorchError`.
///
/// - Parameters:
///   - inputs: must not be written to before the backward pass
///   - body: must give the same results every time; it may run on another thread
/// - Returns: what `body` returns.
public func checkpointed(
  _ inputs: [Tensor], _ body: @escaping @Sendable ([Tensor]) throws -> [Tensor]
) throws -> [Tensor] {
  let part = Part(body)
  let handles = inputs.map { Optional($0.handle) }
  var results: UnsafeMutablePointer<OpaquePointer?>?
  var count = 0
  let message = withExtendedLifetime(inputs) {
    ct_checkpoint(
      { context, inputs, count, results, resultCount in
        let part = Unmanaged<Part>.fromOpaque(context!).takeUnretainedValue()
        let inputs = UnsafeBufferPointer(start: inputs, count: count).map { Tensor(owning: $0!) }
        return part.run(inputs, results!, resultCount!)
      },
      { Unmanaged<Part>.fromOpaque($0!).release() }, Unmanaged.passRetained(part).toOpaque(), handles,
      handles.count, &results, &count)
  }
  if let message = take(message) {
    throw part.failure.withLock { $0 } ?? TorchError.failed(action: "A checkpointed part", message: message)
  }
  defer { ct_free(results) }
  return UnsafeBufferPointer(start: results, count: count).map { Tensor(owning: $0!) }
}

/// A body, what holds for it on the task that made it, and what went wrong in it last.
private final class Part: Sendable {
  let body: @Sendable ([Tensor]) throws -> [Tensor]
  let regularization = Regularization.current
  let failure = Mutex<(any Error)?>(nil)

  init(_ body: @escaping @Sendable ([Tensor]) throws -> [Tensor]) { self.body = body }

  /// Runs the body for the shim: no error leaves as one.
  func run(
    _ inputs: [Tensor], _ results: UnsafeMutablePointer<UnsafeMutablePointer<OpaquePointer?>?>,
    _ count: UnsafeMutablePointer<Int>
  ) -> UnsafeMutablePointer<CChar>? {
    do {
      let outputs = try Regularization.$current.withValue(regularization) { try body(inputs) }
      let stride = MemoryLayout<OpaquePointer?>.stride
      guard let array = calloc(outputs.count + 1, stride)?.assumingMemoryBound(to: OpaquePointer?.self) else {
        return strdup("no memory is left")
      }
      for (index, output) in outputs.enumerated() { array[index] = ct_tensor_retain(output.handle) }
      (results.pointee, count.pointee) = (array, outputs.count)
      return nil
    } catch {
      failure.withLock { $0 = error }
      return strdup("\(error)")
    }
  }
}
