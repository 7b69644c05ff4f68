import CTorch

/// What an operator of libtorch can be given.
public enum OperatorArgument: Sendable {
  case none
  case tensor(Tensor)
  case tensors([Tensor?])
  case int(Int)
  case ints([Int])
  case double(Double)
  case doubles([Double])
  case bool(Bool)
  case bools([Bool])
  case string(String)
  case generator(Generator)
}

/// A Swift value that stands for an operator's argument.
public protocol ArgumentConvertible {
  var argument: OperatorArgument { get }
}

extension OperatorArgument: ArgumentConvertible { public var argument: OperatorArgument { self } }
extension Tensor: ArgumentConvertible { public var argument: OperatorArgument { .tensor(self) } }
extension Int: ArgumentConvertible { public var argument: OperatorArgument { .int(self) } }
extension Double: ArgumentConvertible { public var argument: OperatorArgument { .double(self) } }
extension Bool: ArgumentConvertible { public var argument: OperatorArgument { .bool(self) } }
extension String: ArgumentConvertible { public var argument: OperatorArgument { .string(self) } }
extension DType: ArgumentConvertible { public var argument: OperatorArgument { .int(Int(rawValue)) } }
extension Device: ArgumentConvertible { public var argument: OperatorArgument { .string(name) } }
extension Generator: ArgumentConvertible { public var argument: OperatorArgument { .generator(self) } }
extension Array: ArgumentConvertible where Element: ArgumentElement {
  public var argument: OperatorArgument { Element.argument(self) }
}
extension Optional: ArgumentConvertible where Wrapped: ArgumentConvertible {
  public var argument: OperatorArgument { map(\.argument) ?? .none }
}

/// A type whose arrays stand for an operator's argument.
public protocol ArgumentElement {
  static func argument(_ array: [Self]) -> OperatorArgument
}

extension Int: ArgumentElement {
  public static func argument(_ array: [Int]) -> OperatorArgument { .ints(array) }
}
extension Tensor: ArgumentElement {
  public static func argument(_ array: [Tensor]) -> OperatorArgument { .tensors(array) }
}

/// One operator of libtorch, found by name and called through the dispatcher, so that autograd, autocast and
/// every device behave as they do anywhere else.
///
/// Look one up once (`static let`) and call it like a function. Missing trailing arguments take the defaults of
/// the operator's schema.
public struct Operator: Sendable {
  /// The qualified name with its overload: `aten::add.Tensor`.
  public let name: String
  private let handle: Handle

  private enum Handle: @unchecked Sendable {
    case found(OpaquePointer)
    case missing(String)
  }

  /// - Parameter name: `namespace::name` or `namespace::name.overload`. Absence is reported by the first call.
  public init(_ name: String) {
    self.name = name
    let parts = name.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    var found: OpaquePointer?
    if let message = take(ct_operator_find(String(parts[0]), parts.count > 1 ? String(parts[1]) : "", &found))
    {
      handle = .missing(message)
    } else {
      handle = .found(found!)
    }
  }

  /// Whether this libtorch has the operator.
  public var isAvailable: Bool { if case .found = handle { true } else { false } }

  /// Calls the operator and returns its first result.
  ///
  /// - Throws: `TorchError.operatorFailed` where libtorch refuses the call, or the first result is no tensor.
  @discardableResult
  public func callAsFunction(_ arguments: any ArgumentConvertible...) throws -> Tensor {
    guard let tensor = try call(arguments.map(\.argument)).first ?? nil else {
      throw TorchError.operatorFailed(name: name, shapes: [], message: "it returned no tensor")
    }
    return tensor
  }

  /// Calls the operator and returns all its results, the tensors of lists one after the other.
  ///
  /// - Throws: `TorchError.operatorFailed` where libtorch refuses the call, or a result is no tensor.
  public func tensors(_ arguments: any ArgumentConvertible...) throws -> [Tensor] {
    try call(arguments.map(\.argument)).enumerated().map { index, tensor in
      guard let tensor else {
        throw TorchError.operatorFailed(name: name, shapes: [], message: "its result \(index) is no tensor")
      }
      return tensor
    }
  }

  private func call(_ arguments: [OperatorArgument]) throws -> [Tensor?] {
    let handle: OpaquePointer
    switch self.handle {
    case .found(let found): handle = found
    case .missing(let message):
      throw TorchError.operatorFailed(name: name, shapes: [], message: message)
    }
    var pools = ArgumentPools()
    let packed = arguments.map { pools.pack($0) }
    var results: UnsafeMutablePointer<OpaquePointer?>?
    var count = 0
    // The pools hold handles only.
    let message = withExtendedLifetime(arguments) {
      pools.withPools { ct_operator_call(handle, packed, packed.count, $0, &results, &count) }
    }
    if let message = take(message) {
      throw TorchError.operatorFailed(
        name: name, shapes: arguments.compactMap(\.shapeText), message: message)
    }
    defer { ct_free(results) }
    return UnsafeBufferPointer(start: results, count: count).map { $0.map(Tensor.init(owning:)) }
  }
}

extension OperatorArgument {
  /// The shape of a tensor argument, for error messages.
  fileprivate var shapeText: String? {
    switch self {
    case .tensor(let tensor): tensor.description
    case .tensors(let tensors): "[\(tensors.map { $0?.description ?? "none" }.joined(separator: ", "))]"
    default: nil
    }
  }
}

/// The arrays of a call's arguments, laid end to end so that the shim gets four pointers instead of a tree.
private struct ArgumentPools {
  private var integers: [Int64] = []
  private var reals: [Double] = []
  private var tensors: [OpaquePointer?] = []
  private var characters: [CChar] = []

  mutating func pack(_ argument: OperatorArgument) -> CTArgument {
    func packed(_ tag: Int, _ integer: Int = 0, count: Int = 0, real: Double = 0) -> CTArgument {
      CTArgument(tag: Int32(tag), integer: Int64(integer), count: Int64(count), real: real)
    }
    switch argument {
    case .none: return packed(CT_NONE)
    case .tensor(let tensor):
      tensors.append(tensor.handle)
      return packed(CT_TENSOR, tensors.count - 1)
    case .tensors(let values):
      tensors.append(contentsOf: values.map { $0?.handle })
      return packed(CT_TENSORS, tensors.count - values.count, count: values.count)
    case .int(let value): return packed(CT_INT, value)
    case .ints(let values):
      integers.append(contentsOf: values.map(Int64.init))
      return packed(CT_INTS, integers.count - values.count, count: values.count)
    case .double(let value): return packed(CT_DOUBLE, real: value)
    case .doubles(let values):
      reals.append(contentsOf: values)
      return packed(CT_DOUBLES, reals.count - values.count, count: values.count)
    case .bool(let value): return packed(CT_BOOL, value ? 1 : 0)
    case .bools(let values):
      integers.append(contentsOf: values.map { $0 ? 1 : 0 })
      return packed(CT_BOOLS, integers.count - values.count, count: values.count)
    case .string(let text):
      let bytes = text.utf8.map { CChar(bitPattern: $0) }
      characters.append(contentsOf: bytes)
      return packed(CT_STRING, characters.count - bytes.count, count: bytes.count)
    case .generator(let generator):
      return packed(CT_GENERATOR, Int(bitPattern: generator.handle))
    }
  }

  func withPools<Result>(_ body: (CTPools) -> Result) -> Result {
    integers.withUnsafeBufferPointer { integers in
      reals.withUnsafeBufferPointer { reals in
        tensors.withUnsafeBufferPointer { tensors in
          characters.withUnsafeBufferPointer { characters in
            body(
              CTPools(
                integers: integers.baseAddress, reals: reals.baseAddress, tensors: tensors.baseAddress,
                characters: characters.baseAddress))
          }
        }
      }
    }
  }
}
