import Torch

/// Features of one width at five resolutions (Lin et al., "Feature Pyramid Networks", CVPR 2017).
struct FeaturePyramid: Sendable {
  /// 1x1 convolutions of the encoder's stages with strides 8, 16 and 32.
  private let lateral: [Convolution]
  /// 3x3 convolutions of the merged maps.
  private let smooth: [Convolution]
  private let p6: Convolution
  private let p7: Convolution

  init(_ scope: Scope, inputs: [Int], channels: Int) throws {
    // The names count the encoder's stages from 1; stage 1 (stride 4) is not used.
    lateral = try inputs.enumerated().map { index, inputs in
      try Convolution(scope / "fpn_inner\(index + 2)", inputs: inputs, outputs: channels, kernel: 1)
    }
    smooth = try inputs.indices.map { index in
      try Convolution(
        scope / "fpn_layer\(index + 2)", inputs: channels, outputs: channels, kernel: 3, padding: 1,
        role: .quantizable)
    }
    let top = scope / "top_blocks"
    p6 = try Convolution(top / "p6", inputs: channels, outputs: channels, kernel: 3, stride: 2, padding: 1)
    p7 = try Convolution(top / "p7", inputs: channels, outputs: channels, kernel: 3, stride: 2, padding: 1)
  }

  /// Three maps [B, Cᵢ, h, w] of strides 8, 16, 32 -> five maps P3…P7 [B, C, h, w] of strides 8 … 128.
  func callAsFunction(_ maps: [Tensor]) throws -> [Tensor] {
    var merged = try lateral[lateral.count - 1](maps[maps.count - 1])
    var outputs = [try smooth[smooth.count - 1](merged)]
    for level in maps.indices.dropLast().reversed() {
      let side = try lateral[level](maps[level])
      merged = try side + merged.upsampledNearest([side.size(2), side.size(3)])
      outputs.insert(try smooth[level](merged), at: 0)
    }
    // P6 reads P5, not the encoder's last stage.
    outputs.append(try p6(outputs[outputs.count - 1]))
    outputs.append(try p7(outputs[outputs.count - 1].relu()))
    for (level, output) in outputs.enumerated() { Trace.record("fpn_p\(level)", output) }
    return outputs
  }
}
