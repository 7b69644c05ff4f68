import Torch

/// How fast the processor multiplies large matrices, which is as fast as a network can be made of products.
package enum MatrixPeak {
  /// What is multiplied: floats, floats of 16 bits, or bytes with sums of 32 bits.
  package enum Arithmetic: String, CaseIterable, Codable, Sendable {
    case fp32, bf16, int8
  }

  /// Multiply-adds per second: the best median over two shapes, each by all ways that libtorch has to compute it on
  /// this processor with its present number of threads.
  ///
  /// - Returns: `nil` where libtorch has no such product
  package static func measured(_ arithmetic: Arithmetic, runs: Int = 5) throws -> Double? {
    // A language layer's product with many words, and a convolution of the tower on its largest level.
    let shapes = [(rows: 4096, inputs: 1024, outputs: 1024), (rows: 16_800, inputs: 2304, outputs: 256)]
    return try withInferenceMode {
      try shapes.flatMap { shape in
        let count = Double(shape.rows * shape.inputs * shape.outputs)
        return try products(arithmetic, shape.rows, shape.inputs, shape.outputs).compactMap { product in
          // Whether an operator works for a type on a processor is found by trying.
          do { try product() } catch is TorchError { return nil as Double? }
          return try count / alternating(runs: runs, [product])[0].median
        }
      }.max()
    }
  }

  private static func products(
    _ arithmetic: Arithmetic, _ rows: Int, _ inputs: Int, _ outputs: Int
  ) throws -> [() throws -> Void] {
    if arithmetic == .int8 {
      let x = try Tensor.full([rows, inputs], 3, dtype: .int8)
      let weight = try Tensor.full([inputs, outputs], 2, dtype: .int8)
      return [{ try bytes(x, weight) }]
    }
    let dtype = arithmetic == .bf16 ? DType.bfloat16 : .float32
    let generator = try Generator(seed: 1)
    let x = try Tensor.randomNormal([rows, inputs], generator: generator).to(dtype)
    let weight = try Tensor.randomNormal([outputs, inputs], generator: generator).to(dtype)
    let sum = try Tensor.zeros([rows, outputs], dtype: dtype)
    var products = [{ _ = try linear(x, weight) }]
    // Packed once, as a network would.
    if let packed = try? pack(weight, rows) {
      products.append { try packedLinear(x, sum, packed, OperatorArgument.none, "add") }
    }
    return products
  }

  private static let linear = Operator("aten::linear")
  private static let pack = Operator("mkldnn::_reorder_linear_weight")
  private static let packedLinear = Operator("mkldnn::_linear_pointwise.binary")
  private static let bytes = Operator("aten::_int_mm")
}
