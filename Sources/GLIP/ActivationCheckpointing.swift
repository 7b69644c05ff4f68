import Torch

/// Whether blocks of the network keep only what goes into them, and are run again by the backward pass: less memory for
/// more time, and the same numbers.
package enum ActivationCheckpointing {
  @TaskLocal package static var isOn = false

  /// Runs a block, its inputs being all that is kept if that is on.
  static func run(
    _ inputs: [Tensor], _ block: @escaping @Sendable ([Tensor]) throws -> [Tensor]
  ) throws -> [Tensor] {
    try isOn ? checkpointed(inputs, block) : block(inputs)
  }
}
