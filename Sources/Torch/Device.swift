import CTorch

/// Where a tensor lives and is computed: `cpu`, `cuda`, `cuda:1`, `mps`.
public struct Device: Sendable, Hashable, CustomStringConvertible {
  /// The name libtorch knows it by.
  public let name: String

  public static let cpu = Device(unchecked: "cpu")

  private init(unchecked name: String) { self.name = name }

  /// - Throws: `TorchError.unknownDevice` for a name that is not `cpu`, `cuda`, `cuda:N` or `mps`, or for a
  ///   device that this machine (or this build of libtorch) does not have.
  public init(_ name: String) throws {
    let parts = name.split(separator: ":", omittingEmptySubsequences: false)
    let known =
      ["cpu", "cuda", "mps"].contains(parts[0])
      && (parts.count == 1 || parts.count == 2 && Int(parts[1]).map { $0 >= 0 } == true)
    guard known else { throw TorchError.unknownDevice(name, reason: "use cpu, cuda, cuda:N or mps") }
    if parts[0] == "cuda", !ct_cuda_available() {
      throw TorchError.unknownDevice(name, reason: "this libtorch finds no CUDA device")
    }
    self.name = name
    if name != "cpu" {
      do { _ = try Tensor.zeros([1], device: self) } catch let error as TorchError {
        throw TorchError.unknownDevice(name, reason: error.description)
      }
    }
  }

  init(reported name: String) { self.name = name }

  /// The kind without the index: `cuda` of `cuda:1`.
  public var type: String { String(name.prefix { $0 != ":" }) }
  public var isCPU: Bool { type == "cpu" }
  public var description: String { name }
}
