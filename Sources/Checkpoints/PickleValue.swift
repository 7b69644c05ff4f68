/// A value made by a pickle. Containers, storages and tensors are indices into `PickleObjects`.
enum PickleValue {
  case none
  case bool(Bool)
  case int(Int)
  case double(Double)
  case string(String)
  case list(Int)
  case tuple(Int)
  case dictionary(Int)
  case global(PickleGlobal)
  case storage(Int)
  case tensor(Int)
  /// Something of which only the existence matters: bytes, a device, a number of more than 64 bits.
  case opaque
}

/// The objects of one pickle, which its values share by index.
///
/// Indices instead of references: a pickle may nest a million lists or put a list into itself, and neither
/// must overflow the stack or leak when it is released.
struct PickleObjects {
  var sequences: [[PickleValue]] = []
  var dictionaries: [[(key: PickleValue, value: PickleValue)]] = []
  var storages: [PickleStorage] = []
  var tensors: [StoredArray] = []

  mutating func list(_ values: [PickleValue] = []) -> PickleValue {
    sequences.append(values)
    return .list(sequences.count - 1)
  }

  mutating func tuple(_ values: [PickleValue]) -> PickleValue {
    sequences.append(values)
    return .tuple(sequences.count - 1)
  }

  mutating func dictionary() -> PickleValue {
    dictionaries.append([])
    return .dictionary(dictionaries.count - 1)
  }
}

/// A typed storage, and its bytes in the file.
struct PickleStorage {
  let type: ScalarType
  let count: Int
  let range: Range<Int>
}

/// What a pickle may refer to. Everything else is refused.
enum PickleGlobal {
  /// A dictionary class, called without arguments or with the dictionary that it copies.
  case dictionary
  /// `set` or `frozenset`, called with a list.
  case set
  case rebuildTensor
  case rebuildParameter
  case storage(ScalarType)
  /// A type or constant whose values play no part here.
  case opaque

  init?(module: String, name: String) {
    switch (module, name) {
    case ("collections", "OrderedDict"), ("collections", "Counter"): self = .dictionary
    case ("builtins", "set"), ("builtins", "frozenset"), ("__builtin__", "set"),
      ("__builtin__", "frozenset"):
      self = .set
    case ("torch._utils", "_rebuild_tensor_v2"), ("torch._utils", "_rebuild_tensor"): self = .rebuildTensor
    case ("torch._utils", "_rebuild_parameter"): self = .rebuildParameter
    case ("torch", "Size"), ("torch", "device"): self = .opaque
    // NumPy's numbers: training checkpoints note their best results as such. They are not made, only stepped over.
    case ("numpy.core.multiarray", "scalar"), ("numpy._core.multiarray", "scalar"), ("numpy", "dtype"),
      ("_codecs", "encode"):
      self = .opaque
    case ("torch", _):
      if let type = Self.storages[name] {
        self = .storage(type)
      } else if Self.types.contains(name) {
        self = .opaque
      } else {
        return nil
      }
    default: return nil
    }
  }

  private static let storages: [String: ScalarType] = [
    "DoubleStorage": .float64, "FloatStorage": .float32, "HalfStorage": .float16,
    "BFloat16Storage": .bfloat16, "LongStorage": .int64, "IntStorage": .int32, "ShortStorage": .int16,
    "CharStorage": .int8, "ByteStorage": .uint8, "BoolStorage": .bool,
  ]

  private static let types: Set<String> = [
    "float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool",
  ]
}
