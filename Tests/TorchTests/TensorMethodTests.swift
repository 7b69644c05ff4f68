import Foundation
import Testing
import Torch

/// One method on small numbers, and what it gives.
struct MethodCheck: Sendable, CustomTestStringConvertible {
  let name: String
  let shape: [Int]
  let expected: [Double]
  let run: @Sendable () throws -> Tensor

  init(_ name: String, _ shape: [Int], _ expected: [Double], _ run: @escaping @Sendable () throws -> Tensor) {
    (self.name, self.shape, self.expected, self.run) = (name, shape, expected, run)
  }

  var testDescription: String { name }
}

/// 1 2 3
/// 4 5 6
private func grid() throws -> Tensor { try Tensor([1, 2, 3, 4, 5, 6] as [Float], shape: [2, 3]) }
private func row(_ values: Double...) throws -> Tensor { try Tensor(values).to(.float32) }
private func indices(_ values: Int64...) throws -> Tensor { try Tensor(values) }

private let making = [
  MethodCheck("full", [2], [7, 7]) { try .full([2], 7, dtype: .int32) },
  MethodCheck("zeros", [1, 2], [0, 0]) { try .zeros([1, 2]) },
  MethodCheck("arange", [3], [-1, 0, 1]) { try .arange(-1..<2) },
  MethodCheck("arange of nothing", [0], []) { try .arange(3..<3) },
]

private let shapes = [
  MethodCheck("reshaped", [3, 2], [1, 2, 3, 4, 5, 6]) { try grid().reshaped(3, -1) },
  MethodCheck("reshaped to a list", [6], [1, 2, 3, 4, 5, 6]) { try grid().reshaped([6]) },
  MethodCheck("permuted", [3, 2], [1, 4, 2, 5, 3, 6]) { try grid().permuted(1, 0) },
  MethodCheck("transposed", [3, 2], [1, 4, 2, 5, 3, 6]) { try grid().transposed(0, -1) },
  MethodCheck("flattened", [6], [1, 2, 3, 4, 5, 6]) { try grid().flattened() },
  MethodCheck("flattened in part", [2, 3, 1], [1, 2, 3, 4, 5, 6]) {
    try grid().reshaped(1, 2, 3, 1).flattened(from: 0, through: 1)
  },
  MethodCheck("expanded", [2, 2], [1, 1, 2, 2]) { try row(1, 2).unsqueezed(1).expanded([-1, 2]) },
  MethodCheck("unsqueezed", [2, 1], [1, 2]) { try row(1, 2).unsqueezed(-1) },
  MethodCheck("squeezed", [2], [1, 2]) { try row(1, 2).unsqueezed(0).squeezed(0) },
  MethodCheck("sliced", [2, 2], [1, 3, 4, 6]) { try grid().sliced(1, 0..<3, step: 2) },
  MethodCheck("selected", [2], [3, 6]) { try grid().selected(1, -1) },
  MethodCheck("split", [2, 2], [2, 3, 5, 6]) { try grid().split([1, 2], dimension: 1)[1] },
  MethodCheck("concatenated", [3, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9]) {
    try .concatenated([grid(), row(7, 8, 9).unsqueezed(0)], dimension: 0)
  },
  MethodCheck("stacked", [2, 2], [1, 3, 2, 4]) { try .stacked([row(1, 2), row(3, 4)], dimension: 1) },
  MethodCheck("rolled", [2, 3], [6, 4, 5, 3, 1, 2]) { try grid().rolled([1, 1], dimensions: [0, 1]) },
  MethodCheck("padded", [2, 4], [9, 1, 2, 9, 9, 9, 9, 9]) {
    try row(1, 2).unsqueezed(0).padded([1, 1, 0, 1], value: 9)
  },
  MethodCheck("flipped", [2, 3], [3, 2, 1, 6, 5, 4]) { try grid().flipped([1]) },
  MethodCheck("picked", [2, 2], [3, 1, 6, 4]) { try grid().picked(indices(2, 0), dimension: 1) },
  MethodCheck("gathered", [1, 3], [4, 2, 6]) {
    try grid().gathered(indices(1, 0, 1).unsqueezed(0), dimension: 0)
  },
  MethodCheck("nonzero", [2, 1], [0, 2]) { try row(5, 0, -1).nonzero() },
  MethodCheck("choosing", [2], [1, 4]) { try Tensor([true, false]).choosing(row(1, 2), else: row(3, 4)) },
  MethodCheck("largest", [2, 2], [3, 2, 6, 5]) { try grid().largest(2).values },
  MethodCheck("indices of the largest", [2, 1], [2, 2]) { try grid().largest(1).indices },
  MethodCheck("sorted", [3], [1, 2, 3]) { try row(3, 1, 2).sorted().values },
  MethodCheck("sorted stably", [4], [1, 3, 0, 2]) { try row(1, 2, 1, 2).sorted(descending: true).indices },
  MethodCheck("sorted along a dimension", [2, 3], [4, 5, 6, 1, 2, 3]) {
    try grid().sorted(dimension: 0, descending: true).values
  },
]

private let arithmetic = [
  MethodCheck("+", [2], [4, 6]) { try row(1, 2) + row(3, 4) },
  MethodCheck("+ number", [2], [1.5, 2.5]) { try row(1, 2) + 0.5 },
  MethodCheck("-", [2], [-2, 2]) { try row(1, 6) - row(3, 4) },
  MethodCheck("- number", [2], [0.5, 1.5]) { try row(1, 2) - 0.5 },
  MethodCheck("*", [2], [3, 8]) { try row(1, 2) * row(3, 4) },
  MethodCheck("* number", [2], [3, 6]) { try row(1, 2) * 3 },
  MethodCheck("number *", [2], [3, 6]) { try 3 * row(1, 2) },
  MethodCheck("/", [2], [0.5, 4]) { try row(1, 8) / row(2, 2) },
  MethodCheck("/ number", [2], [0.25, 0.5]) { try row(1, 2) / 4 },
  MethodCheck("negated", [2], [-1, 2]) { try -row(1, -2) },
  MethodCheck("absolute", [2], [1, 2]) { try row(1, -2).absolute() },
  MethodCheck("exponential", [2], [1, M_E]) { try row(0, 1).exponential() },
  MethodCheck("squareRoot", [2], [3, 1.5]) { try row(9, 2.25).squareRoot() },
  MethodCheck("floored", [2], [1, -2]) { try row(1.9, -1.1).floored() },
  MethodCheck("clamped", [3], [-1, 0.5, 1]) { try row(-3, 0.5, 3).clamped(min: -1, max: 1) },
  MethodCheck("clamped below", [2], [0, 3]) { try row(-3, 3).clamped(min: 0) },
  MethodCheck("clamped above", [2], [-3, 0]) { try row(-3, 3).clamped(max: 0) },
  MethodCheck("maximum of two", [2], [3, 2]) { try .maximum(row(1, 2), row(3, 0)) },
  MethodCheck("minimum of two", [2], [1, 0]) { try .minimum(row(1, 2), row(3, 0)) },
  MethodCheck(">", [3], [0, 0, 1]) { try row(1, 2, 3) > 2 },
  MethodCheck(">=", [3], [0, 1, 1]) { try row(1, 2, 3) >= 2 },
  MethodCheck("<", [3], [1, 0, 0]) { try row(1, 2, 3) < 2 },
  MethodCheck("&&", [3], [0, 1, 0]) { try row(0, 2, 3) && Tensor([true, true, false]) },
  MethodCheck("sum", [], [21]) { try grid().sum() },
  MethodCheck("sum along a dimension", [3], [5, 7, 9]) { try grid().sum([0]) },
  MethodCheck("sum that keeps the rank", [2, 1], [6, 15]) { try grid().sum([-1], keepingRank: true) },
  MethodCheck("mean", [2], [2, 5]) { try grid().mean([1]) },
  MethodCheck("maximum along dimensions", [1, 1], [6]) { try grid().maximum([0, 1], keepingRank: true) },
  MethodCheck("norm", [2], [5, 13]) {
    try Tensor([3, 4, 5, 12] as [Float], shape: [2, 2]).norm(1)
  },
]

private let networks = [
  MethodCheck("matmul", [2, 1], [8, 20]) { try grid().matmul(row(2, 0, 2).unsqueezed(1)) },
  MethodCheck("softmax", [2], [0.25, 0.75]) { try row(0, log(3)).softmax(0) },
  MethodCheck("gelu", [3], [0, 0.5 * (1 + erf(1 / 2.squareRoot())), -0.5 * (1 + erf(-1 / 2.squareRoot()))]) {
    try row(0, 1, -1).gelu()
  },
  MethodCheck("relu", [2], [0, 2]) { try row(-1, 2).relu() },
  MethodCheck("sigmoid", [2], [0.5, 0.75]) { try row(0, log(3)).sigmoid() },
  MethodCheck("hardSigmoid", [4], [0, 0.5, 2.0 / 3, 1]) { try row(-4, 0, 1, 9).hardSigmoid() },
  MethodCheck("upsampledNearest", [1, 1, 2, 4], [1, 1, 2, 2, 1, 1, 2, 2]) {
    try row(1, 2).reshaped(1, 1, 1, 2).upsampledNearest([2, 4])
  },
  MethodCheck("upsampledBilinear with corners", [1, 1, 1, 3], [1, 1.5, 2]) {
    try row(1, 2).reshaped(1, 1, 1, 2).upsampledBilinear([1, 3], alignCorners: true)
  },
  MethodCheck("upsampledBilinear", [1, 1, 1, 4], [1, 1.25, 1.75, 2]) {
    try row(1, 2).reshaped(1, 1, 1, 2).upsampledBilinear([1, 4], alignCorners: false)
  },
]

@Suite struct TensorMethods {
  @Test("Methods give what their names say", arguments: making + shapes + arithmetic + networks)
  func values(check: MethodCheck) throws {
    let result = try check.run()
    #expect(result.shape == check.shape)
    let found = try result.to(.float64).elements(Double.self)
    try #require(found.count == check.expected.count)
    for (value, expected) in zip(found, check.expected) { #expect(abs(value - expected) < 1e-6) }
  }

  @Test("Made tensors have the type asked for", arguments: [DType.float32, .bfloat16, .float64])
  func types(dtype: DType) throws {
    let made = try [
      Tensor.empty([2], dtype: dtype), .full([2], 1, dtype: dtype), .zeros([2], dtype: dtype),
      .arange(0..<2, dtype: dtype), .randomNormal([2], dtype: dtype), .randomUniform([2], dtype: dtype),
    ]
    #expect(made.allSatisfy { $0.dtype == dtype && $0.shape == [2] && $0.device == .cpu })
  }

  @Test("Random numbers have their distribution's moments and bounds") func distributions() throws {
    let generator = try Generator(seed: 3)
    let normal = try Tensor.randomNormal([20_000], generator: generator, dtype: .float64)
    #expect(try abs(normal.mean([0]).item()) < 0.03)
    #expect(try abs((normal * normal).mean([0]).item() - 1) < 0.05)
    let uniform = try Tensor.randomUniform([20_000], generator: generator).elements(Float.self)
    #expect(uniform.allSatisfy { $0 >= 0 && $0 < 1 })
    #expect(try abs(Tensor(uniform).mean([0]).item() - 0.5) < 0.02)
  }

  @Test("Conversions that change nothing are the tensor itself; a clone is not") func copies() throws {
    let tensor = try grid()
    func address(_ tensor: Tensor) throws -> UnsafeRawPointer? { try tensor.withBytes(\.baseAddress) }
    for same in try [tensor.to(.float32), tensor.to(), tensor.to(device: .cpu), tensor.contiguous()] {
      #expect(try address(same) == address(tensor))
    }
    for other in try [tensor.clone(), tensor.to(.float64)] {
      #expect(try address(other) != address(tensor))
    }
    #expect(try tensor.transposed(0, 1).contiguous().strides == [2, 1])
  }

  @Test("In-place methods change the tensor and its views") func inPlace() throws {
    let tensor = try grid()
    let view = try tensor.selected(0, 0)
    try tensor.copy(from: row(1, 1, 1))
    #expect(try view.elements() == [1, 1, 1] as [Float])
    try tensor.add(inPlace: row(1, 2, 3), scale: -2)
    #expect(try view.elements() == [-1, -3, -5] as [Float])
    try tensor.multiply(inPlace: 0.5)
    #expect(try view.elements() == [-0.5, -1.5, -2.5] as [Float])
    let counts = try indices(1, 2)
    try counts.add(inPlace: indices(1, 1))
    #expect(try counts.elements() == [2, 3] as [Int64])
    #expect(throws: TorchError.self) { try tensor.copy(from: Tensor.zeros([4])) }
  }
}
