import Foundation
import Testing
import Torch

/// Arrays recorded with the authors' semantics (`Fixtures/deform_conv.safetensors`).
private struct Recording {
  private struct Entry: Decodable {
    let dtype: String
    let shape: [Int]
    let range: [Int]

    enum CodingKeys: String, CodingKey {
      case dtype, shape
      case range = "data_offsets"
    }
  }
  private let entries: [String: Entry]
  private let data: Data

  init() throws {
    let url = try #require(
      Bundle.module.url(forResource: "deform_conv", withExtension: "safetensors", subdirectory: "Fixtures"))
    let file = try Data(contentsOf: url)
    let length = Int(file.prefix(8).withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) })
    entries = try JSONDecoder().decode([String: Entry].self, from: file.dropFirst(8).prefix(length))
    data = Data(file.dropFirst(8 + length))
  }

  func tensor(_ name: String) throws -> Tensor {
    let entry = try #require(entries[name])
    try #require(entry.dtype == "F32")
    let bytes = data[entry.range[0]..<entry.range[1]]
    var values = [Float](repeating: 0, count: bytes.count / 4)
    _ = values.withUnsafeMutableBytes { bytes.copyBytes(to: $0) }
    return try Tensor(values, shape: entry.shape)
  }
}

@Suite struct DeformableConvolutionGolden {
  @Test(
    "The kernel repeats recorded outputs and gradients, also where the maps of a finer level are read as memory",
    arguments: ["same", "stride2", "mismatch_even", "mismatch_odd"])
  func repeatsRecording(name: String) throws {
    let recording = try Recording()
    func leaf(_ part: String) throws -> Tensor {
      try recording.tensor("\(name)/\(part)").requiringGradient()
    }
    let (x, maps) = try (leaf("x"), leaf("offset_mask"))
    let (weight, bias) = try (leaf("weight"), leaf("bias"))
    let expected = try recording.tensor("\(name)/out")
    let (batch, height, width) = (expected.size(0), expected.size(2), expected.size(3))
    func firstNumbers(of map: Tensor, channels: Int) throws -> Tensor {
      try map.reshaped(batch, -1).sliced(1, 0..<channels * height * width)
        .reshaped(batch, channels, height, width)
    }

    let output = try deformableConvolution(
      x, weight: weight, offset: firstNumbers(of: maps.sliced(1, 0..<18), channels: 18),
      mask: firstNumbers(of: maps.sliced(1, 18..<27).sigmoid(), channels: 9), bias: bias,
      stride: name == "stride2" ? 2 : 1, padding: 1)
    try output.backward(recording.tensor("\(name)/grad_out"))

    #expect(try difference(output, expected) < 1e-5)
    for (part, leaf) in [("x", x), ("offset_mask", maps), ("weight", weight), ("bias", bias)] {
      let gradient = try #require(leaf.gradient)
      #expect(try difference(gradient, recording.tensor("\(name)/grad_\(part)")) < 1e-5, "\(part)")
    }
  }
}

/// The largest difference, relative to the largest magnitude of `expected`.
func difference(_ found: Tensor, _ expected: Tensor) throws -> Double {
  try #require(found.shape == expected.shape)
  let (found, expected) = try (found.detached().to(.float64), expected.detached().to(.float64))
  let all = Array(0..<found.rank)
  return try (found - expected).absolute().maximum(all).item()
    / max(expected.absolute().maximum(all).item(), 1e-12)
}
