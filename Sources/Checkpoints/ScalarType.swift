/// The number type of a stored array. The raw value is the name that safetensors headers use.
public enum ScalarType: String, CaseIterable, Sendable {
  case float64 = "F64"
  case float32 = "F32"
  case float16 = "F16"
  case bfloat16 = "BF16"
  case int64 = "I64"
  case int32 = "I32"
  case int16 = "I16"
  case int8 = "I8"
  case uint8 = "U8"
  case bool = "BOOL"

  /// Bytes of one element.
  public var byteWidth: Int {
    switch self {
    case .float64, .int64: 8
    case .float32, .int32: 4
    case .float16, .bfloat16, .int16: 2
    case .int8, .uint8, .bool: 1
    }
  }

  /// Bytes of a dense array of this type, or nil where no tensor engine could hold the shape: a negative
  /// size, more than 64 axes (libtorch's limit), or a product that does not fit in an `Int`.
  ///
  /// The product is taken over the non-zero sizes too, so that an empty shape such as [2^62, 2^62, 0]
  /// cannot overflow the strides of whoever makes a tensor of it.
  public func byteCount(of shape: [Int]) -> Int? {
    guard shape.count <= 64 else { return nil }
    var product = byteWidth
    for size in shape {
      let (next, overflow) = product.multipliedReportingOverflow(by: max(size, 1))
      guard size >= 0, !overflow else { return nil }
      product = next
    }
    return shape.contains(0) ? 0 : product
  }
}
