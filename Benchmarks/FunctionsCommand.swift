import ArgumentParser
import GLIP
import Measuring
import PlainGLIP
import Torch

struct FunctionsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "functions",
    abstract: "The functions that take the time, in float32, against libtorch's plain operators in turn.",
    discussion: """
      Sizes are those of GLIP-T at 800 x 1333 pixels. A Swin block's time is what eight more of them add to the picture \
      encoder.
      """)

  @OptionGroup var common: CommonOptions

  func run() throws {
    try withInferenceMode {
      var rows: [Row] = []
      for measure in [linear, convolution, deformable, fusion] { rows += try measure() }
      rows += try swin()
      let head = ["", "plain ms", "ours ms", "times as fast", "GFLOP/s"]
      let cells = rows.map { row in
        [
          row.name, number(1e3 * row.plainSeconds, 2), number(1e3 * row.seconds, 2),
          number(row.plainSeconds / row.seconds, 2),
          number(2e-9 * Double(row.multiplyAdds) / row.seconds, 0),
        ]
      }
      try common.report(rows, [Measuring.table([head] + cells)])
    }
  }

  private struct Row: Encodable {
    let name: String
    /// Needed, whichever way it is computed.
    let multiplyAdds: Int
    /// Medians.
    let plainSeconds, seconds: Double
  }

  private func row(
    _ name: String, _ multiplyAdds: Int, plain: () throws -> Void, ours: () throws -> Void
  ) throws -> Row {
    note("Measuring \(name)")
    let timings = try withoutActuallyEscaping(plain) { plain in
      try withoutActuallyEscaping(ours) { ours in
        try alternating(runs: 4 * common.runs, warmup: 2, [plain, ours])
      }
    }
    return Row(
      name: name, multiplyAdds: multiplyAdds, plainSeconds: timings[0].median, seconds: timings[1].median)
  }

  private static func random(_ shape: Int...) throws -> Tensor {
    try Tensor.randomNormal(shape, generator: Generator(seed: 1))
  }

  private static func fresh() throws -> Parameters { Parameters(from: try FreshParameters(seed: 2)) }

  // MARK: Products

  private func linear() throws -> [Row] {
    try [(16_800, 192, 768), (4200, 1536, 384), (22_400, 256, 256)].map { rows, inputs, outputs in
      let parameters = try Self.fresh()
      let layer = try Linear(parameters.root / "layer", inputs: inputs, outputs: outputs)
      let weights = Weights(parameters)
      let x = try Self.random(1, rows, inputs)
      return try row(
        "linear, \(rows) x \(inputs) to \(outputs)", rows * inputs * outputs,
        plain: { _ = try weights.linear("layer", x) }, ours: { _ = try layer(x) })
    }
  }

  private func convolution() throws -> [Row] {
    try [(100, 168), (25, 42)].map { height, width in
      let parameters = try Self.fresh()
      let layer = try Convolution(
        parameters.root / "layer", inputs: 256, outputs: 256, kernel: 3, padding: 1)
      let weights = Weights(parameters)
      let x = try Self.random(1, 256, height, width)
      let channelsLast = try Self.channelsLast(x)
      return try row(
        "3x3 convolution, \(height) x \(width)", height * width * 9 * 256 * 256,
        plain: { _ = try weights.convolution("layer", x, padding: 1) }, ours: { _ = try layer(channelsLast) })
    }
  }

  private func deformable() throws -> [Row] {
    try [1, 2].map { stride in
      let (height, width) = (100 / stride, 168 / stride)
      let x = try Self.random(1, 256, 100, 168)
      let weight = try Self.random(256, 256, 3, 3) * 0.02
      let bias = try Self.random(256)
      let offset = try Self.random(1, 18, height, width)
      let mask = try Self.random(1, 9, height, width).sigmoid()
      let (pixels, taps) = try (Self.channelsLast(x), Self.channelsLast(weight))
      return try row(
        "deformable convolution, \(height) x \(width), stride \(stride)", height * width * 9 * 256 * 256,
        plain: {
          _ = try plainDeformableConvolution(
            x, weight: weight, bias: bias, offset: offset, mask: mask, stride: stride)
        },
        ours: {
          _ = try deformableConvolution(
            pixels, weight: taps, offset: offset, mask: mask, bias: bias, stride: stride, padding: 1)
        })
    }
  }

  /// The same values, the channels of a position next to each other in memory.
  private static func channelsLast(_ x: Tensor) throws -> Tensor {
    try x.permuted(0, 2, 3, 1).contiguous().permuted(0, 3, 1, 2)
  }

  // MARK: Parts of the network

  private func fusion() throws -> [Row] {
    let configuration = DemonstrationFile.configuration
    let positions = 22_400
    return try [7, 194].map { tokens in
      let parameters = try Self.fresh()
      let layer = try DeepFusion(
        parameters.root, head: configuration.head, languageWidth: configuration.bert.width)
      let weights = Weights(parameters)
      let visual = try Self.random(1, positions, configuration.head.channels)
      let padded = try Self.random(1, 256, configuration.bert.width)
      let language = try padded.sliced(1, 0..<tokens)
      let padding = try Tensor(
        (0..<256).map { $0 < tokens ? Float(0) : -9e15 }, shape: [1, 1, 1, 256])
      let needed = multiplyAdds(configuration, height: 800, width: 1333, tokens: [tokens])
      return try row(
        "fusion, \(tokens) tokens", needed.fusion / configuration.head.blocks,
        plain: {
          _ = try textbookFusion(
            weights, visual: visual, language: padded, padding: padding, heads: configuration.head.fusionHeads
          )
        }, ours: { _ = try layer(visual: visual, language: language, padding: nil) })
    }
  }

  private func swin() throws -> [Row] {
    note("Measuring Swin blocks")
    let pictures = try Self.random(1, 3, 800, 1344)
    let more = 8
    // One block in each stage, then `more` in each of the four.
    let configurations = [-1, 0, 1, 2, 3].map { deep in
      var configuration = GLIPConfiguration(
        swin: DemonstrationFile.configuration.swin,
        bert: BERTConfiguration(vocabulary: 1, width: 8, layers: 1, heads: 1, intermediate: 8, positions: 1),
        head: HeadConfiguration(blocks: 1, fusion: false))
      configuration.swin.depths = (0..<4).map { 1 + ($0 == deep ? more : 0) }
      return configuration
    }
    var work: [() throws -> Void] = []
    for configuration in configurations {
      let parameters = try Self.fresh()
      let model = try GLIPModel(parameters.root, configuration)
      let weights = Weights(parameters) / "backbone.body"
      work.append { _ = try PlainGLIP.swin(weights, pictures, configuration.swin) }
      work.append { _ = try model.encode(pictures: pictures) }
    }
    let timings = try alternating(runs: common.runs, work)
    func added(_ stage: Int, _ ours: Int) -> Double {
      (timings[2 * (stage + 1) + ours].median - timings[ours].median) / Double(more)
    }
    let needed = configurations.map { multiplyAdds($0, height: 800, width: 1344, tokens: []).backbone }
    return (0..<4).map { stage in
      Row(
        name: "Swin block of stage \(stage)", multiplyAdds: (needed[stage + 1] - needed[0]) / more,
        plainSeconds: added(stage, 0), seconds: added(stage, 1))
    }
  }
}
