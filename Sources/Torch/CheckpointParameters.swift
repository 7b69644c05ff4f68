import Checkpoints

/// Parameters taken from a checkpoint, in the file's element type.
///
/// Those that are wanted as the file holds them are not copied: they stay in the mapped file, which must not be
/// changed while the model lives. They are for reading: `clone()` what is to be trained.
public final class CheckpointParameters: ParameterSource {
  public let checkpoint: Checkpoint

  public init(_ checkpoint: Checkpoint) { self.checkpoint = checkpoint }

  public func parameter(_ name: String, shape: [Int], initial: Initializer) throws -> Tensor {
    guard checkpoint[name] != nil else { throw TorchError.missingParameter(name) }
    return try Tensor(named: name, in: checkpoint)
  }
}

extension Tensor {
  /// An array of a checkpoint, in its own element type, without a copy where the file allows it; for reading only.
  public convenience init(named name: String, in checkpoint: Checkpoint) throws {
    guard let entry = checkpoint[name] else { throw TorchError.missingParameter(name) }
    let buffer = try checkpoint.buffer(of: name)
    try self.init(buffer.bytes, owner: buffer.owner, shape: entry.shape, dtype: DType(entry.type))
  }
}

extension DType {
  /// The element type that a file calls by another name.
  public init(_ type: ScalarType) {
    self =
      switch type {
      case .float64: .float64
      case .float32: .float32
      case .float16: .float16
      case .bfloat16: .bfloat16
      case .int64: .int64
      case .int32: .int32
      case .int16: .int16
      case .int8: .int8
      case .uint8: .uint8
      case .bool: .bool
      }
  }
}

extension ScalarType {
  /// The file's name for an element type.
  public init(_ dtype: DType) {
    self =
      switch dtype {
      case .float64: .float64
      case .float32: .float32
      case .float16: .float16
      case .bfloat16: .bfloat16
      case .int64: .int64
      case .int32: .int32
      case .int16: .int16
      case .int8: .int8
      case .uint8: .uint8
      case .bool: .bool
      }
  }
}

extension SafetensorsWriter.Array {
  /// A tensor to be written under a name, brought to the CPU when its turn comes.
  public init(_ name: String, _ tensor: Tensor) {
    self.init(name: name, type: ScalarType(tensor.dtype), shape: tensor.shape) { write in
      try tensor.withBytes(write)
    }
  }
}
