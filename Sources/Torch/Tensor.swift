import CTorch

/// An n-dimensional array of libtorch.
///
/// The handle never changes, so a tensor may be shared between tasks; what libtorch stores behind it is changed
/// only by the methods whose names say so (`add(inPlace:)`, `copy(from:)`, …), which the caller must not run
/// concurrently with readers.
public final class Tensor: @unchecked Sendable {
  let handle: OpaquePointer

  /// Takes ownership of a handle made by the shim.
  init(owning handle: OpaquePointer) { self.handle = handle }

  deinit { ct_tensor_release(handle) }

  /// A tensor over memory that `owner` keeps alive; nothing is copied.
  ///
  /// - Parameters:
  ///   - bytes: C-ordered elements, aligned to their size; must stay unchanged while the tensor lives.
  ///   - owner: retained until libtorch releases the storage.
  public init(
    _ bytes: UnsafeRawBufferPointer, owner: AnyObject & Sendable, shape: [Int], dtype: DType
  ) throws {
    let count = shape.reduce(1, *)
    precondition(bytes.count == count * dtype.byteCount, "bytes do not fill the shape")
    let sizes = shape.map(Int64.init)
    var handle: OpaquePointer?
    let context = Unmanaged.passRetained(owner).toOpaque()
    try check(
      ct_tensor_from_memory(
        UnsafeMutableRawPointer(mutating: bytes.baseAddress), sizes, sizes.count, dtype.rawValue,
        { Unmanaged<AnyObject>.fromOpaque($0!).release() }, context, &handle),
      "making a tensor of shape \(shape)")
    self.handle = handle!
  }

  /// A tensor of the given elements in C order, copied; of rank one where no shape is given.
  public convenience init<Element: TensorElement>(_ elements: [Element], shape: [Int]? = nil) throws {
    let shape = shape ?? [elements.count]
    precondition(shape.reduce(1, *) == elements.count, "\(elements.count) elements do not fill \(shape)")
    let empty = try Tensor.empty(shape, dtype: Element.dtype)
    elements.withUnsafeBytes { source in
      if let base = source.baseAddress {
        ct_tensor_data(empty.handle).copyMemory(from: base, byteCount: source.count)
      }
    }
    self.init(owning: ct_tensor_retain(empty.handle))
  }

  public var dtype: DType { DType(rawValue: ct_tensor_dtype(handle)) ?? .float32 }
  public var rank: Int { Int(ct_tensor_rank(handle)) }

  public var shape: [Int] {
    var sizes = [Int64](repeating: 0, count: rank)
    ct_tensor_sizes(handle, &sizes)
    return sizes.map(Int.init)
  }

  /// Elements between neighbours along each dimension.
  public var strides: [Int] {
    var strides = [Int64](repeating: 0, count: rank)
    ct_tensor_strides(handle, &strides)
    return strides.map(Int.init)
  }

  /// The size of one dimension; negative indices count from the end.
  public func size(_ dimension: Int) -> Int {
    let shape = shape
    return shape[dimension < 0 ? dimension + shape.count : dimension]
  }

  public var count: Int { shape.reduce(1, *) }

  public var device: Device {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 32) { name in
      ct_tensor_device(handle, name.baseAddress, name.count)
      return Device(reported: String(cString: name.baseAddress!))
    }
  }

  /// The elements in C order, copied out.
  ///
  /// - Throws: `TorchError.wrongElementType` if the tensor holds another type.
  public func elements<Element: TensorElement>(_ type: Element.Type = Element.self) throws -> [Element] {
    guard dtype == Element.dtype else {
      throw TorchError.wrongElementType(expected: Element.dtype, found: dtype)
    }
    return try withBytes { bytes in Array(bytes.bindMemory(to: Element.self)) }
  }

  /// Lends the elements in C order as bytes, copied to the CPU only if they are not there and contiguous already.
  public func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) throws -> Result {
    let local = try device.isCPU ? contiguous() : to(device: .cpu).contiguous()
    let bytes = UnsafeRawBufferPointer(
      start: ct_tensor_data(local.handle), count: local.count * dtype.byteCount)
    return try withExtendedLifetime(local) { try body(bytes) }
  }

  /// The only element, as a Double.
  public func item() throws -> Double {
    precondition(count == 1, "item() of a tensor with \(count) elements")
    return try to(.float64).elements(Double.self)[0]
  }

  /// Tensors alive in the process, for tests that look for leaks.
  package static var liveCount: Int { Int(ct_tensor_count()) }
}

extension Tensor: CustomStringConvertible {
  public var description: String { "\(dtype)\(shape)" }
}
