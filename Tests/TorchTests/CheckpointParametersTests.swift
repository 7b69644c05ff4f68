import Checkpoints
import Foundation
import Testing
import Torch

@Suite struct CheckpointParametersTests {
  /// Writes tensors to a file, opens it, and removes it: what is mapped stays.
  private func checkpoint(_ tensors: [(String, Tensor)]) throws -> Checkpoint {
    let url = FileManager.default.temporaryDirectory.appending(path: "\(UUID()).safetensors")
    try SafetensorsWriter.write(tensors.map { SafetensorsWriter.Array($0.0, $0.1) }, to: url)
    defer { try? FileManager.default.removeItem(at: url) }
    return try Checkpoint(opening: url)
  }

  @Test("Every element type and layout of tensors is written and read back", arguments: DType.allCases)
  func roundTrip(dtype: DType) throws {
    let grid = try Tensor([0, 1, 1, 0, 1, 0] as [Float], shape: [2, 3]).to(dtype)
    let tensors = try [
      ("grid", grid), ("transposed", grid.transposed(0, 1)), ("empty", Tensor.zeros([0, 2], dtype: dtype)),
      ("scalar", grid.selected(0, 0).selected(0, 1)),
    ]
    let file = try checkpoint(tensors)
    for (name, tensor) in tensors {
      let read = try Tensor(named: name, in: file)
      #expect(read.dtype == dtype)
      #expect(read.shape == tensor.shape)
      #expect(try read.to(.float32).elements() == tensor.to(.float32).elements(Float.self))
    }
  }

  @Test("Types have the same names on both sides", arguments: DType.allCases)
  func types(dtype: DType) {
    #expect(DType(ScalarType(dtype)) == dtype)
    #expect(ScalarType(dtype).byteWidth == dtype.byteCount)
  }

  @Test("float32 stays in the mapped file, and outlives the checkpoint") func zeroCopy() throws {
    var file: Checkpoint? = try checkpoint([("w", Tensor([1, 2, 3] as [Float]))])
    let parameters = try Parameters(from: CheckpointParameters(#require(file)))
    let parameter = try parameters.root.parameter("w", [3], .constant(0))
    let mapped = try #require(file).buffer(of: "w").bytes.baseAddress
    #expect(try parameter.withBytes(\.baseAddress) == mapped)
    file = nil
    #expect(try parameter.elements() == [1, 2, 3] as [Float])
  }

  @Test(
    "Whatever the file's type, matrices become the wanted one and all else float32",
    arguments: [DType.float16, .bfloat16, .float64])
  func converted(dtype: DType) throws {
    let file = try checkpoint([("w", Tensor([0.5, -2, 3] as [Float]).to(dtype))])
    let root = Parameters(from: CheckpointParameters(file), matrixType: .bfloat16).root
    let parameter = try root.parameter("w", [3], .constant(0))
    #expect(parameter.dtype == .float32)
    #expect(try parameter.elements() == [0.5, -2, 3] as [Float])
    let matrix = try root.matrix("w", [3], .constant(0))
    #expect(matrix.dtype == .bfloat16)
    #expect(try matrix.to(.float32).elements() == [0.5, -2, 3] as [Float])
  }

  @Test("What is missing or of another shape is told by name") func refused() throws {
    let root = try Parameters(from: CheckpointParameters(checkpoint([("a.w", Tensor.zeros([2]))]))).root
    #expect(
      errorText { try (root / "b").parameter("w", [2], .constant(0)) }
        == "The checkpoint has no parameter 'b.w'.")
    #expect(
      errorText { try (root / "a").parameter("w", [2, 1], .constant(0)) }
        == "Parameter 'a.w' has shape [2] in the checkpoint; the model needs [2, 1].")
  }
}
