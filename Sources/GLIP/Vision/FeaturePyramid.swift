import Torch

/// Features of one width at five resolutions (Lin et al., "Feature Pyramid Networks", CVPR 2017).
struct FeaturePyramid: Sendable {
  /// 1x1 convolutions of the encoder's stages with strides 8, 16 and 32.
  private let lateral: [Convolution]
  /// 3x3 convolutions of the merged maps.
  private let smooth: [Convolution]
  private let p6: Convolution
  private let p7: Convolution
  /// Of the merged maps, but for the coarsest, on their way to `smooth`.
  private let dropBlock: DropBlock

  /// - Parameter dropBlock: its rate in training
  init(_ scope: Scope, inputs: [Int], channels: Int, dropBlock: Double) throws {
    func convolution(
      _ scope: Scope, inputs: Int, kernel: Int, stride: Int = 1, role: WeightRole = .large
    ) throws -> Convolution {
      try Convolution(
        scope, inputs: inputs, outputs: channels, kernel: kernel, stride: stride, padding: kernel / 2,
        role: role, initial: .kaimingUniform(inputs * kernel * kernel), initialBias: .constant(0))
    }
    // The names count the encoder's stages from 1; stage 1 (stride 4) is not used.
    lateral = try inputs.enumerated().map { index, inputs in
      try convolution(scope / "fpn_inner\(index + 2)", inputs: inputs, kernel: 1)
    }
    smooth = try inputs.indices.map { index in
      try convolution(scope / "fpn_layer\(index + 2)", inputs: channels, kernel: 3, role: .quantizable)
    }
    let top = scope / "top_blocks"
    p6 = try convolution(top / "p6", inputs: channels, kernel: 3, stride: 2)
    p7 = try convolution(top / "p7", inputs: channels, kernel: 3, stride: 2)
    self.dropBlock = DropBlock(scope, rate: dropBlock)
  }

  /// Three maps [B, Cᵢ, h, w] of strides 8, 16, 32 -> five maps P3…P7 [B, C, h, w] of strides 8 … 128.
  func callAsFunction(_ maps: [Tensor]) throws -> [Tensor] {
    var merged = try lateral[lateral.count - 1](maps[maps.count - 1])
    var outputs = [try smooth[smooth.count - 1](merged)]
    for level in maps.indices.dropLast().reversed() {
      let side = try lateral[level](maps[level])
      merged = try side + merged.upsampledNearest([side.size(2), side.size(3)])
      outputs.insert(try smooth[level](dropBlock(merged)), at: 0)
    }
    // P6 reads P5, not the encoder's last stage.
    outputs.append(try p6(outputs[outputs.count - 1]))
    outputs.append(try p7(outputs[outputs.count - 1].relu()))
    for (level, output) in outputs.enumerated() { Trace.record("fpn_p\(level)", output) }
    return outputs
  }
}
