import CTorch
import Checkpoints

/// An n-dimensional array of libtorch.
///
/// The handle never changes, so a tensor may be shared between tasks; what libtorch stores behind it is changed
/// only by the methods whose names say so (`add(inPlace:)`, `copy(from:)`, …), which the caller must not run
/// concurrently with readers.
public final class Tensor: @unchecked Sendable {
  let handle: OpaquePointer
  /// The bytes of a file that the elements are.
  private let mapped: (file: MappedFile, bytes: UnsafeRawBufferPointer)?

  /// Takes ownership of a handle made by the shim.
  init(owning handle: OpaquePointer) {
    self.handle = handle
    mapped = nil
  }

  deinit { ct_tensor_release(handle) }

  /// A tensor over memory that `owner` keeps alive; nothing is copied.
  ///
  /// - Parameters:
  ///   - bytes: C-ordered elements, aligned to their size; must stay unchanged while the tensor lives.
  ///   - owner: retained until libtorch releases the storage.
  /// - Throws: `TorchError.failed` where the bytes do not fill the shape.
  public init(
    _ bytes: UnsafeRawBufferPointer, owner: AnyObject & Sendable, shape: [Int], dtype: DType
  ) throws {
    guard ScalarType(dtype).byteCount(of: shape) == bytes.count else {
      throw Self.misfit("\(bytes.count) bytes do not fill it", shape, dtype)
    }
    let sizes = shape.map(Int64.init)
    var handle: OpaquePointer?
    let context = Unmanaged.passRetained(owner).toOpaque()
    try check(
      ct_tensor_from_memory(
        UnsafeMutableRawPointer(mutating: bytes.baseAddress), sizes, sizes.count, dtype.rawValue,
        { Unmanaged<AnyObject>.fromOpaque($0!).release() }, context, &handle),
      "Making a tensor \(dtype)\(shape)")
    self.handle = handle!
    mapped = (owner as? MappedFile).map { ($0, bytes) }
  }

  /// Gives memory back that only repeats what is in a file, where the elements are such; they can still be read.
  func forgetMappedBytes() {
    if let (file, bytes) = mapped { file.forget(bytes) }
  }

  /// A tensor of the given elements in C order, copied; of rank one where no shape is given.
  ///
  /// - Throws: `TorchError.failed` where the elements do not fill the shape.
  public convenience init<Element: TensorElement>(_ elements: [Element], shape: [Int]? = nil) throws {
    let shape = shape ?? [elements.count]
    let byteCount = elements.count * Element.dtype.byteCount
    guard ScalarType(Element.dtype).byteCount(of: shape) == byteCount else {
      throw Self.misfit("\(elements.count) elements do not fill it", shape, Element.dtype)
    }
    let copy = try Tensor.empty(shape, dtype: Element.dtype)
    let target = try copy.data()
    elements.withUnsafeBytes { source in
      if let target, let base = source.baseAddress { target.copyMemory(from: base, byteCount: byteCount) }
    }
    self.init(owning: ct_tensor_retain(copy.handle))
  }

  private static func misfit(_ message: String, _ shape: [Int], _ dtype: DType) -> TorchError {
    .failed(action: "Making a tensor \(dtype)\(shape)", message: message)
  }

  /// The first element, or nil where there is none.
  private func data() throws -> UnsafeMutableRawPointer? {
    var data: UnsafeMutableRawPointer?
    try check(ct_tensor_data(handle, &data), "Reading the elements of \(self)")
    return data
  }

  public var dtype: DType {
    guard let dtype = DType(rawValue: ct_tensor_dtype(handle)) else {
      preconditionFailure("the shim hands out tensors of known element types only")
    }
    return dtype
  }

  public var rank: Int { Int(ct_tensor_rank(handle)) }

  public var shape: [Int] {
    var sizes = [Int64](repeating: 0, count: rank)
    ct_tensor_sizes(handle, &sizes)
    return sizes.map(Int.init)
  }

  /// Elements between neighbours along each dimension.
  ///
  /// - Throws: `TorchError.failed` for a tensor in a layout of oneDNN's.
  public var strides: [Int] {
    get throws {
      var strides = [Int64](repeating: 0, count: rank)
      try check(ct_tensor_strides(handle, &strides), "Reading the strides of \(self)")
      return strides.map(Int.init)
    }
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
      start: try local.data(), count: local.count * dtype.byteCount)
    return try withExtendedLifetime(local) { try body(bytes) }
  }

  /// The only element, as a Double.
  ///
  /// - Throws: `TorchError.failed` where there is not exactly one.
  public func item() throws -> Double {
    guard count == 1 else {
      throw TorchError.failed(
        action: "Reading the only element of \(self)", message: "it has \(count) elements")
    }
    return try to(.float64).elements(Double.self)[0]
  }

  /// Counts a write to the elements that libtorch has not counted: operators on lists of tensors do not, and what is
  /// derived from the elements would be taken for current.
  package func noteWrite() { ct_tensor_written(handle) }

  /// Tensors alive in the process, for tests that look for leaks.
  package static var liveCount: Int { Int(ct_tensor_count()) }
}

extension Tensor: CustomStringConvertible {
  public var description: String { "\(dtype)\(shape)" }
}
