import Testing
import Torch

/// A convolution's sizes and where its offsets point.
struct Case: Sendable, CustomTestStringConvertible {
  var batch = 1
  var channels, outputs, height, width: Int
  var kernel = [3, 3]
  var stride = 1
  var padding = 1
  /// Offsets are normal of this width (0: all on pixels, borders included), or whole numbers.
  var spread = 1.0
  var whole = false
  var channelsLast = false

  var testDescription: String {
    "\(batch)x\(channels)x\(height)x\(width) -> \(outputs), \(kernel), stride \(stride), spread \(spread)"
  }

  static let all = [
    Case(batch: 2, channels: 7, outputs: 5, height: 9, width: 11),
    Case(channels: 16, outputs: 8, height: 1, width: 1),
    Case(batch: 2, channels: 33, outputs: 12, height: 8, width: 7, kernel: [5, 3], stride: 2, padding: 2),
    Case(channels: 48, outputs: 20, height: 40, width: 50, kernel: [1, 1], padding: 0),
    Case(batch: 2, channels: 64, outputs: 32, height: 33, width: 41, stride: 2, channelsLast: true),
    Case(batch: 2, channels: 40, outputs: 17, height: 12, width: 14, spread: 40),
    Case(batch: 1, channels: 20, outputs: 3, height: 10, width: 6, spread: 0),
    Case(batch: 1, channels: 9, outputs: 6, height: 10, width: 6, spread: 3, whole: true),
  ]
}

/// Input, weight, offset, mask, bias, and the gradient that comes from above.
struct Arguments {
  var tensors: [Tensor]
  let gradient: Tensor
  let shape: Case

  init(_ shape: Case, seed: UInt64 = 1) throws {
    let generator = try Generator(seed: seed)
    func normal(_ sizes: Int...) throws -> Tensor {
      try Tensor.randomNormal(sizes, generator: generator)
    }
    let (rows, columns) = (shape.kernel[0], shape.kernel[1])
    let height = (shape.height + 2 * shape.padding - rows) / shape.stride + 1
    let width = (shape.width + 2 * shape.padding - columns) / shape.stride + 1
    var offset = try normal(shape.batch, 2 * rows * columns, height, width) * shape.spread
    if shape.whole { offset = try offset.floored() }
    tensors = try [
      normal(shape.batch, shape.channels, shape.height, shape.width),
      normal(shape.outputs, shape.channels, rows, columns),
      offset,
      normal(shape.batch, rows * columns, height, width).sigmoid(),
      normal(shape.outputs),
    ]
    if shape.channelsLast {
      for index in 0..<4 {
        tensors[index] = try tensors[index].permuted(0, 2, 3, 1).contiguous().permuted(0, 3, 1, 2)
      }
    }
    gradient = try normal(shape.batch, shape.outputs, height, width)
    self.shape = shape
  }

  /// The output, and the gradients of all five.
  func run(
    _ dtype: DType = .float32, maps: DType? = nil,
    through convolution: (Tensor, Tensor, Tensor, Tensor, Tensor?, Int, Int) throws -> Tensor
  ) throws -> [Tensor] {
    let types = [dtype, dtype, maps ?? dtype, maps ?? dtype, dtype]
    let leaves = try zip(tensors, types).map { try $0.clone().to($1).detached().requiringGradient() }
    let output = try convolution(
      leaves[0], leaves[1], leaves[2], leaves[3], leaves[4], shape.stride, shape.padding)
    try output.backward(gradient.to(output.dtype))
    return try [output.detached()] + leaves.map { try #require($0.gradient) }
  }
}

private func kernel(
  _ x: Tensor, _ weight: Tensor, _ offset: Tensor, _ mask: Tensor, _ bias: Tensor?, _ stride: Int,
  _ padding: Int
) throws -> Tensor {
  try deformableConvolution(
    x, weight: weight, offset: offset, mask: mask, bias: bias, stride: stride, padding: padding)
}

private func composite(
  _ x: Tensor, _ weight: Tensor, _ offset: Tensor, _ mask: Tensor, _ bias: Tensor?, _ stride: Int,
  _ padding: Int
) throws -> Tensor {
  try deformableConvolutionComposite(
    x, weight: weight, offset: offset, mask: mask, bias: bias, stride: stride, padding: padding)
}

private let names = ["output", "input", "weight", "offset", "mask", "bias"]

// One at a time: the limit of the instruction set holds for the process.
@Suite(.serialized) struct DeformableConvolutionTests {
  @Test("The operator is registered with libtorch") func isRegistered() {
    #expect(Operator("glip::deform_conv2d").isAvailable)
    #expect(Operator("glip::deform_conv2d_backward").isAvailable)
  }

  @Test("In float32 the kernel and its gradients equal the composite in float64", arguments: Case.all)
  func equalsComposite(shape: Case) throws {
    let arguments = try Arguments(shape)
    let (found, expected) = try (arguments.run(through: kernel), arguments.run(.float64, through: composite))
    for (name, pair) in zip(names, zip(found, expected)) {
      #expect(pair.0.dtype == .float32)
      #expect(try difference(pair.0, pair.1) < 1e-4, "\(name)")
    }
  }

  @Test("In bfloat16, with maps in float32, only rounding is lost", arguments: Case.all)
  func bfloat16EqualsComposite(shape: Case) throws {
    var arguments = try Arguments(shape)
    for index in [0, 1, 4] {
      arguments.tensors[index] = try arguments.tensors[index].to(.bfloat16).to(.float32)
    }
    let found = try arguments.run(.bfloat16, maps: .float32, through: kernel)
    let expected = try arguments.run(.float64, through: composite)
    let types: [DType] = [.bfloat16, .bfloat16, .bfloat16, .float32, .float32, .bfloat16]
    for (index, name) in names.enumerated() {
      #expect(found[index].dtype == types[index], "\(name)")
      #expect(try difference(found[index], expected[index]) < 0.02, "\(name)")
    }
  }

  @Test("float16 is computed in float32") func halfPrecision() throws {
    let arguments = try Arguments(Case.all[0])
    let found = try arguments.run(.float16, through: kernel)
    let expected = try arguments.run(.float64, through: composite)
    #expect(found.allSatisfy { $0.dtype == .float16 })
    #expect(try difference(found[0], expected[0]) < 5e-3)
  }

  @Test("Every instruction set computes the same", arguments: ["DEFAULT", "AVX2"])
  func instructionSetsAgree(name: String) throws {
    let arguments = try Arguments(Case.all[4])
    for dtype in [DType.float32, .bfloat16] {
      let best = try arguments.run(dtype, through: kernel)
      try Runtime.limitCPUCapability(name)
      defer { try? Runtime.limitCPUCapability("AVX512") }
      let limited = try arguments.run(dtype, through: kernel)
      for (part, pair) in zip(names, zip(limited, best)) {
        #expect(try difference(pair.0, pair.1) < (dtype == .float32 ? 1e-5 : 1e-2), "\(part) \(dtype)")
      }
    }
  }

  @Test("The backward pass gives the same bits every time") func isDeterministic() throws {
    let arguments = try Arguments(Case.all[4])
    let (first, second) = try (arguments.run(through: kernel), arguments.run(through: kernel))
    for (name, pair) in zip(names, zip(first, second)) {
      #expect(try difference(pair.0, pair.1) == 0, "\(name)")
    }
  }

  @Test("The composite's gradients equal finite differences") func finiteDifferences() throws {
    let shape = Case(channels: 2, outputs: 2, height: 4, width: 3, stride: 2)
    let arguments = try Arguments(shape)
    let gradients = try arguments.run(.float64, through: composite).dropFirst()
    let step = 1e-6
    func value(_ tensors: [Tensor]) throws -> Double {
      let output = try composite(
        tensors[0], tensors[1], tensors[2], tensors[3], tensors[4], shape.stride, shape.padding)
      return try (output * arguments.gradient.to(.float64)).sum().item()
    }
    let tensors = try arguments.tensors.map { try $0.to(.float64) }
    for (index, gradient) in zip(0..., gradients) {
      let numbers = try tensors[index].elements(Double.self)
      let slopes = try numbers.indices.map { position in
        let ends = try [step, -step].map { change in
          var moved = numbers
          moved[position] += change
          var changed = tensors
          changed[index] = try Tensor(moved, shape: tensors[index].shape)
          return try value(changed)
        }
        return (ends[0] - ends[1]) / (2 * step)
      }
      #expect(try difference(gradient, Tensor(slopes, shape: gradient.shape)) < 1e-6, "\(names[index + 1])")
    }
  }

  @Test("Under autocast a float32 weight meets a bfloat16 input") func autocast() throws {
    let t = try Arguments(Case.all[0]).tensors
    let input = try t[0].to(.bfloat16)
    let weight = try t[1].clone().requiringGradient()
    let output = try withAutocast(.bfloat16) {
      try deformableConvolution(input, weight: weight, offset: t[2], mask: t[3], bias: t[4], padding: 1)
    }
    try output.sum().backward()
    #expect(output.dtype == .bfloat16)
    #expect(weight.gradient?.dtype == .float32)
    let expected = try composite(input.to(.float32), t[1], t[2], t[3], t[4], 1, 1)
    #expect(try difference(output, expected) < 0.02)
  }

  @Test("Offsets that are no numbers read zeros", arguments: [Double.nan, .infinity, -1e30])
  func wildOffsets(value: Double) throws {
    let t = try Arguments(Case.all[0]).tensors
    let wild = try Tensor.full(t[2].shape, value)
    for convolution in [kernel, composite] {
      let output = try convolution(t[0], t[1], wild, t[3], t[4], 1, 1)
      #expect(try difference(output, t[4].reshaped(1, -1, 1, 1).expanded(output.shape)) == 0)
    }
  }

  @Test("An empty batch gives an empty output") func emptyBatch() throws {
    let t = try Arguments(Case.all[0]).tensors.map { $0.rank == 4 ? try $0.sliced(0, 0..<0) : $0 }
    let weight = try Tensor.zeros([5, 7, 3, 3])
    #expect(try kernel(t[0], weight, t[2], t[3], t[4], 1, 1).shape == [0, 5, 9, 11])
  }

  @Test("Shapes that do not fit are refused by name") func wrongShapes() throws {
    let t = try Arguments(Case.all[0]).tensors
    func message(_ changes: [Int: [Int]], stride: Int = 1, composed: Bool = false) -> String {
      do {
        var tensors = t
        for (index, shape) in changes { tensors[index] = try Tensor.zeros(shape) }
        let convolution = composed ? composite : kernel
        _ = try convolution(tensors[0], tensors[1], tensors[2], tensors[3], tensors[4], stride, 1)
        return "no error"
      } catch { return "\(error)" }
    }
    for composed in [false, true] {
      #expect(message([2: [2, 18, 9, 12]], composed: composed).contains("the offset"))
      #expect(message([3: [2, 9, 8, 11]], composed: composed).contains("the mask"))
      #expect(message([1: [5, 6, 3, 3]], composed: composed).contains("the weight"))
      #expect(message([1: [5, 7, 12, 3]], composed: composed).contains("larger than the padded input"))
      #expect(message([0: [7, 9, 11]], composed: composed).contains("input"))
      #expect(message([:], stride: 0, composed: composed).contains("stride"))
    }
    #expect(message([4: [4]]).contains("the bias [4] must be [5]"))
  }

  @Test("Second derivatives are refused, not taken for zero") func secondDerivative() throws {
    let backward = Operator("glip::deform_conv2d_backward")
    let arguments = try Arguments(Case.all[0])
    let t = arguments.tensors
    let weight = try t[1].clone().requiringGradient()
    let first = try backward.tensors(
      arguments.gradient, t[0], weight, t[2], t[3], [1, 1], [1, 1],
      OperatorArgument.bools([true, true, true, true, true]))
    #expect(throws: TorchError.self) { try first[0].sum().backward() }
  }
}
