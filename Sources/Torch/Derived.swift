import CTorch
import Synchronization

/// Tensors that are computed from parameters once and kept until the parameters change: weights in a kernel's
/// layout, an index applied to a table. Keeps nothing before it is asked.
package final class Derived: Sendable {
  private let sources: [Tensor]
  private let made = Mutex<(versions: [Int64], tensors: [Tensor])?>(nil)

  package init(from sources: Tensor?...) { self.sources = sources.compactMap(\.self) }

  /// What `make` gave last, or gives now if a source was written since.
  package func tensors(_ make: () throws -> [Tensor]) throws -> [Tensor] {
    let versions = sources.map { ct_tensor_version($0.handle) }
    return try made.withLock { made in
      if let made, made.versions == versions { return made.tensors }
      let tensors = try make()
      // The sources are not needed again soon.
      for source in sources { source.forgetMappedBytes() }
      made = (versions, tensors)
      return tensors
    }
  }
}
