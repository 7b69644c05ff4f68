import Testing
import Torch

@Suite struct OperatorCalls {
  let pair: Tensor
  init() throws { pair = try Tensor([1, 2] as [Float]) }

  @Test("Arguments of every kind reach an operator, and missing ones take its defaults")
  func arguments() throws {
    let add = Operator("aten::add.Tensor")
    #expect(try add(pair, pair).elements() == [2, 4] as [Float])
    #expect(try add(pair, pair, 3).elements() == [4, 8] as [Float])
    #expect(try add(pair, pair, 0.5).elements() == [1.5, 3] as [Float])
    // The probability is a float, the flag a bool.
    #expect(try Operator("aten::dropout")(pair, 0, true).elements() == [1, 2] as [Float])
    let floored = try Operator("aten::div.Tensor_mode")(pair, Tensor([2, 2] as [Float]), "floor")
    #expect(try floored.elements() == [0, 1] as [Float])
    let device = try Operator("aten::zeros")([2], DType.int64, OperatorArgument.none, Device.cpu)
    #expect(try device.elements() == [0, 0] as [Int64])
    let drawn = try Operator("aten::rand.generator")([3], Generator(seed: 1))
    #expect(drawn.shape == [3])
  }

  @Test("A list of ints is one of floats where the operator wants floats") func intsAsFloats() throws {
    let picture = try Tensor([1, 2] as [Float], shape: [1, 1, 1, 2])
    let vector = Operator("aten::upsample_nearest2d.vec")
    let enlarged = try vector(picture, OperatorArgument.none, [1, 2])
    #expect(try enlarged.elements() == [1, 1, 2, 2] as [Float])
    let exactly = try vector(picture, OperatorArgument.none, OperatorArgument.doubles([1, 2]))
    #expect(try exactly.elements() == [1, 1, 2, 2] as [Float])
  }

  @Test("Tensors may be left out where the operator says so, alone and in lists")
  func optionalTensors() throws {
    let x = try Tensor.arange(0..<6).reshaped(2, 3)
    let columns = try Tensor([2, 0] as [Int64])
    let picked = try Operator("aten::index.Tensor")(x, OperatorArgument.tensors([nil, columns]))
    #expect(picked.shape == [2, 2])
    #expect(try picked.elements() == [2, 0, 5, 3] as [Int64])
    let noBias: Tensor? = nil
    let weight = try Tensor([1, 1] as [Float], shape: [1, 2])
    #expect(try Operator("aten::linear")(pair, weight, noBias).elements() == [3] as [Float])
  }

  @Test("Lists of tensors go in and come out") func lists() throws {
    let joined = try Operator("aten::cat")([pair, pair, pair], 0)
    let parts = try Operator("aten::split_with_sizes").tensors(joined, [1, 5], 0)
    #expect(parts.map(\.shape) == [[1], [5]])
    #expect(try parts[1].elements() == [2, 1, 2, 1, 2] as [Float])
    #expect(try Operator("aten::split_with_sizes").tensors(Tensor.zeros([0]), [Int](), 0).isEmpty)
    #expect(try Operator("aten::_assert_async").tensors(Tensor([true])).isEmpty)
  }

  @Test("One operator, looked up twice, is one") func lookup() throws {
    #expect(Operator("aten::relu").isAvailable)
    #expect(!Operator("aten::relu.no_such_overload").isAvailable)
    #expect(try Operator("aten::relu")(pair).elements() == Operator("aten::relu")(pair).elements(Float.self))
  }
}

@Suite struct OperatorErrors {
  let pair: Tensor
  init() throws { pair = try Tensor([1, 2] as [Float]) }

  @Test(
    "An operator that libtorch lacks is named", arguments: ["aten::no_such", "no name", "", ".", "a::b.c"])
  func unknown(name: String) {
    #expect(!Operator(name).isAvailable)
    let text = errorText { try Operator(name)(1) }
    #expect(text.hasPrefix("\(name)() failed: "))
    #expect(text.contains("no such operator"))
  }

  @Test("Shapes that do not fit are told with the operator's name") func shapes() throws {
    let x = try Tensor.zeros([2, 3])
    let text = errorText { try x.matmul(Tensor.zeros([4, 5], dtype: .float32)) }
    #expect(text.hasPrefix("aten::matmul(float32[2, 3], float32[4, 5]) failed: "))
    #expect(!text.contains("\n"))
    let list = errorText { try Tensor.concatenated([x, Tensor.zeros([1])], dimension: 0) }
    #expect(list.hasPrefix("aten::cat([float32[2, 3], float32[1]]) failed: "))
  }

  @Test("Too many, too few and wrong arguments are refused") func arguments() {
    let (relu, add) = (Operator("aten::relu"), Operator("aten::add.Tensor"))
    #expect(errorText { try relu(pair, 1) }.contains("at most 1 arguments, not 2"))
    #expect(errorText { try add(pair) }.contains("missing value for argument 'other'"))
    #expect(errorText { try relu("text") }.contains("Expected a value of type 'Tensor' for argument 'self'"))
    #expect(errorText { try relu(OperatorArgument.none) }.contains("type 'Tensor'"))
    #expect(errorText { try add(pair, pair, pair) }.contains("argument 'alpha'"))
    #expect(errorText { try Operator("aten::transpose.int")(pair, 0.5, 0) }.contains("argument 'dim0'"))
    #expect(errorText { try Operator("aten::reshape")(pair, "2") }.contains("argument 'shape'"))
    #expect(errorText { try Operator("aten::sum")(pair, Device.cpu) }.contains("argument 'dtype'"))
    let device = errorText {
      try Operator("aten::zeros")([1], OperatorArgument.none, OperatorArgument.none, "nonsense")
    }
    #expect(device.contains("nonsense"))
    let hole = errorText { try Operator("aten::cat")(OperatorArgument.tensors([pair, nil])) }
    #expect(hole.contains("none at index 1"))
  }

  @Test("Results that Swift could not hold are refused") func results() throws {
    #expect(
      errorText { try Operator("aten::equal")(pair, pair) }.contains("type Bool, which is not a tensor"))
    #expect(errorText { try Operator("aten::complex")(pair, pair) }.contains("ComplexFloat"))
    #expect(errorText { try Operator("aten::to_sparse")(pair) }.contains("Sparse"))
    #expect(errorText { try Operator("aten::_assert_async")(Tensor([true])) }.contains("no tensor"))
    // The gradient of the weight is not wanted: what is absent must not shift its neighbours.
    let picture = try Tensor.zeros([1, 1, 1, 1])
    let text = errorText {
      try Operator("aten::convolution_backward").tensors(
        picture, picture, picture, [1], [1, 1], [0, 0], [1, 1], false, [0, 0], 1,
        OperatorArgument.bools([true, false, true]))
    }
    #expect(text.contains("its result 1 is no tensor"))
  }

  @Test(
    "A device that is not there is refused by name", arguments: ["", "tpu", "cpu:x", "cuda:-1", "cpu:0:0"])
  func devices(name: String) {
    #expect(errorText { try Device(name) }.hasPrefix("Device '\(name)' cannot be used"))
  }

  @Test("CUDA is refused where there is none", .enabled(if: !Runtime.isCUDAAvailable)) func cuda() {
    #expect(errorText { try Device("cuda:0") }.contains("no CUDA device"))
  }
}

/// The text of what a call throws.
func errorText(_ body: () throws -> some Any) -> String {
  do {
    _ = try body()
    return "no error"
  } catch { return "\(error)" }
}
