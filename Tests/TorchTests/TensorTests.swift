import Synchronization
import Testing
import Torch

@Suite struct TensorTests {
  @Test("Elements of every Swift type come back") func elements() throws {
    func roundTrip<Element: TensorElement & Equatable>(_ values: [Element]) throws {
      let tensor = try Tensor(values, shape: [1, values.count])
      #expect(tensor.dtype == Element.dtype)
      #expect(tensor.dtype.byteCount == MemoryLayout<Element>.size)
      #expect(try tensor.elements() == values)
    }
    try roundTrip([0, 1, 255] as [UInt8])
    try roundTrip([.min, 0, .max] as [Int32])
    try roundTrip([.min, 0, .max] as [Int64])
    try roundTrip([-0.5, 0, .greatestFiniteMagnitude, .infinity] as [Float])
    try roundTrip([-0.5, 0, .leastNonzeroMagnitude] as [Double])
    try roundTrip([true, false, true])
  }

  @Test("Every element type can be converted to and from", arguments: DType.allCases)
  func conversion(dtype: DType) throws {
    let tensor = try Tensor([0, 1, 1] as [Float]).to(dtype)
    #expect(tensor.dtype == dtype)
    #expect(try tensor.withBytes(\.count) == 3 * dtype.byteCount)
    #expect(try tensor.to(.float32).elements() == [0, 1, 1] as [Float])
    if dtype != .int32 {
      #expect(errorText { try tensor.elements(Int32.self) } == "A tensor of \(dtype) was read as int32.")
    }
  }

  @Test("Memory is used in place, and its owner released with the last view of it") func zeroCopy() throws {
    var owner: Memory? = Memory([1, 2, 3, 4])
    weak let observer = owner
    let memory = try #require(owner).memory
    var tensor: Tensor? = try Tensor(
      UnsafeRawBufferPointer(memory), owner: #require(owner), shape: [2, 2], dtype: .float32)
    owner = nil
    var view: Tensor? = try tensor?.transposed(0, 1)
    tensor = nil
    #expect(observer != nil)
    memory[1] = 20
    #expect(try view?.elements() == [1, 3, 20, 4] as [Float])
    view = nil
    #expect(observer == nil)
  }

  @Test("An owner is released where making the tensor fails") func failedOwner() {
    var owner: Memory? = Memory([1, 2, 3])
    weak let observer = owner
    for shape in [[2], [-3], [-1, -3], [.max, .max, 3]] {
      let text = errorText {
        let owner = try #require(owner)
        return try Tensor(
          UnsafeRawBufferPointer(owner.memory), owner: owner, shape: shape, dtype: .float32)
      }
      #expect(text == "Making a tensor float32\(shape) failed: 12 bytes do not fill it")
    }
    owner = nil
    #expect(observer == nil)
  }

  @Test("Elements that do not fill the shape are refused") func misfit() {
    let text = errorText { try Tensor([1, 2, 3] as [Int64], shape: [2, 2]) }
    #expect(text == "Making a tensor int64[2, 2] failed: 3 elements do not fill it")
  }

  @Test("Sizes, strides and counts") func geometry() throws {
    let tensor = try Tensor.zeros([2, 3, 4]).permuted(2, 0, 1)
    #expect(tensor.shape == [4, 2, 3])
    #expect(try tensor.strides == [1, 12, 4])
    #expect(tensor.rank == 3)
    #expect(tensor.count == 24)
    #expect([-3, -2, -1, 0, 1, 2].map(tensor.size) == [4, 2, 3, 4, 2, 3])
    #expect(tensor.device == .cpu)
    #expect("\(tensor)" == "float32[4, 2, 3]")
  }

  @Test("Bytes are lent in C order, without a copy where they lie so") func bytes() throws {
    let tensor = try Tensor.arange(0..<6).reshaped(2, 3)
    let permuted = try tensor.permuted(1, 0).withBytes { Array($0.bindMemory(to: Int64.self)) }
    #expect(permuted == [0, 3, 1, 4, 2, 5])
    let addresses = try (0..<2).map { _ in try tensor.withBytes { $0.baseAddress } }
    #expect(addresses[0] == addresses[1])
    let second = try tensor.selected(0, 1).withBytes { $0.baseAddress }
    #expect(second == addresses[0].map { $0 + 24 })
    struct Stop: Error {}
    #expect(throws: Stop.self) { try tensor.withBytes { _ in throw Stop() } }
  }

  @Test("Empty tensors and scalars", arguments: [[0], [2, 0], [0, 3, 1]])
  func empty(shape: [Int]) throws {
    let tensor = try Tensor([Float](), shape: shape)
    #expect(tensor.shape == shape)
    #expect(tensor.count == 0)
    #expect(try tensor.elements() == [Float]())
    #expect(try tensor.withBytes(\.count) == 0)
    #expect(try (tensor + 1).to(.int64).elements() == [Int64]())
    let none = UnsafeRawBufferPointer(start: nil, count: 0)
    #expect(try Tensor(none, owner: Memory([]), shape: shape, dtype: .int8).shape == shape)
    #expect(try Tensor([5] as [Int64], shape: []).item() == 5)
  }

  @Test("The only element is read as a Double") func item() throws {
    #expect(try Tensor([-2.5] as [Float], shape: [1, 1]).item() == -2.5)
    #expect(try Tensor([true]).item() == 1)
    #expect(
      errorText { try Tensor([1, 2] as [Float]).item() }
        == "Reading the only element of float32[2] failed: it has 2 elements")
    #expect(throws: TorchError.self) { try Tensor.zeros([0]).item() }
  }

  @Test("A tensor in oneDNN's own layout is passed on, but not read") func opaqueLayout() throws {
    let packed = try Operator("aten::to_mkldnn")(Tensor.full([2, 2], 3))
    #expect(throws: TorchError.self) { try packed.strides }
    #expect(throws: TorchError.self) { try packed.withBytes(\.count) }
    #expect(try Operator("aten::to_dense")(packed).elements() == [3, 3, 3, 3] as [Float])
  }
}

/// Numbers with an owner.
private final class Memory: @unchecked Sendable {
  let memory: UnsafeMutableBufferPointer<Float>

  init(_ values: [Float]) {
    memory = .allocate(capacity: values.count)
    _ = memory.initialize(from: values)
  }

  deinit { memory.deallocate() }
}
