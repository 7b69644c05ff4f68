import Checkpoints
import Foundation
import Testing
import Torch

/// Arrays recorded with the authors' semantics.
private func goldenFile() throws -> Checkpoint {
  let url = Bundle.module.url(
    forResource: "deform_conv", withExtension: "safetensors", subdirectory: "Fixtures")
  return try Checkpoint(opening: #require(url))
}

@Suite struct DeformableConvolutionGolden {
  @Test(
    "The kernel repeats recorded outputs and gradients, also where the maps of a finer level are read as memory",
    arguments: ["same", "stride2", "mismatch_even", "mismatch_odd"])
  func repeatsRecording(name: String) throws {
    let recording = try goldenFile()
    func leaf(_ part: String) throws -> Tensor {
      try Tensor(named: "\(name)/\(part)", in: recording).requiringGradient()
    }
    let (x, maps) = try (leaf("x"), leaf("offset_mask"))
    let (weight, bias) = try (leaf("weight"), leaf("bias"))
    let expected = try Tensor(named: "\(name)/out", in: recording)
    let (batch, height, width) = (expected.size(0), expected.size(2), expected.size(3))
    func firstNumbers(of map: Tensor, channels: Int) throws -> Tensor {
      try map.reshaped(batch, -1).sliced(1, 0..<channels * height * width)
        .reshaped(batch, channels, height, width)
    }

    let output = try deformableConvolution(
      x, weight: weight, offset: firstNumbers(of: maps.sliced(1, 0..<18), channels: 18),
      mask: firstNumbers(of: maps.sliced(1, 18..<27).sigmoid(), channels: 9), bias: bias,
      stride: name == "stride2" ? 2 : 1, padding: 1)
    try output.backward(Tensor(named: "\(name)/grad_out", in: recording))

    #expect(try difference(output, expected) < 1e-5)
    for (part, leaf) in [("x", x), ("offset_mask", maps), ("weight", weight), ("bias", bias)] {
      let gradient = try #require(leaf.gradient)
      let expected = try Tensor(named: "\(name)/grad_\(part)", in: recording)
      #expect(try difference(gradient, expected) < 1e-5, "\(part)")
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
