import ArgumentParser
import GLIP
import Measuring
import PlainGLIP
import Torch

struct FunctionsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "functions",
    abstract: "The functions that take the time, against libtorch's plain operators in float32, in turn.",
    discussion: """
      Sizes are those of GLIP-T at 800 x 1333 pixels. A Swin block's time is what eight more of them add to the \
      picture encoder.
      """)

  @OptionGroup var common: CommonOptions

  /// Types of weights that the kernels compute with here.
  private static let types = [DType.float32, .bfloat16].filter(Kernels.support)

  func run() throws {
    let rows = try withInferenceMode {
      try linear() + convolution() + deformable() + fusion() + swin()
    }
    try common.report(rows, [Row.table(rows, Self.types)])
  }

  /// Times of one function.
  private struct Row: Encodable {
    let name: String
    /// Needed, whichever way it is computed.
    let multiplyAdds: Int
    /// Medians: of the plain operators, then ours by type of the weights.
    let plainSeconds: Double
    let seconds: [String: Double]

    static func table(_ rows: [Row], _ types: [DType]) -> String {
      let cells = rows.map { row in
        [row.name, number(1e3 * row.plainSeconds, 2)]
          + types.flatMap { type in
            let seconds = row.seconds["\(type)"] ?? .nan
            return [
              number(1e3 * seconds, 2), number(row.plainSeconds / seconds, 2),
              number(2e-9 * Double(row.multiplyAdds) / seconds, 0),
            ]
          }
      }
      let head = ["", "plain ms"] + types.flatMap { ["\($0) ms", "times as fast", "GFLOP/s"] }
      return Measuring.table([head] + cells)
    }
  }

  /// - Parameter ours: makes the function for weights of a type
  private func row(
    _ name: String, _ multiplyAdds: Int, plain: @escaping () throws -> Void,
    ours: (DType) throws -> () throws -> Void
  ) throws -> Row {
    note("Measuring \(name)")
    let timings = try alternating(runs: 4 * common.runs, warmup: 2, [plain] + Self.types.map(ours))
    return Self.row(name, multiplyAdds, timings.map(\.median))
  }

  private static func row(_ name: String, _ multiplyAdds: Int, _ seconds: [Double]) -> Row {
    Row(
      name: name, multiplyAdds: multiplyAdds, plainSeconds: seconds[0],
      seconds: Dictionary(uniqueKeysWithValues: zip(types.map { "\($0)" }, seconds.dropFirst())))
  }

  private static func random(_ shape: Int...) throws -> Tensor {
    try Tensor.randomNormal(shape, generator: Generator(seed: 1))
  }

  private static func fresh(_ type: DType) throws -> Parameters {
    Parameters(from: try FreshParameters(seed: 2), matrixType: type)
  }

  // MARK: Products

  private func linear() throws -> [Row] {
    try [(16_800, 192, 768), (4200, 1536, 384), (22_400, 256, 256)].map { rows, inputs, outputs in
      func layer(_ parameters: Parameters) throws -> Linear {
        try Linear(parameters.root / "layer", inputs: inputs, outputs: outputs)
      }
      let plain = try Self.fresh(.float32)
      _ = try layer(plain)
      let weights = Weights(plain)
      let x = try Self.random(1, rows, inputs)
      return try row(
        "linear, \(rows) x \(inputs) to \(outputs)", rows * inputs * outputs,
        plain: { _ = try weights.linear("layer", x) },
        ours: { type in
          let layer = try layer(Self.fresh(type))
          return { _ = try layer(x) }
        })
    }
  }

  private func convolution() throws -> [Row] {
    try [(100, 168), (25, 42)].map { height, width in
      let plain = try Self.fresh(.float32)
      _ = try Self.layer(plain)
      let weights = Weights(plain)
      let x = try Self.random(1, 256, height, width)
      return try row(
        "3x3 convolution, \(height) x \(width)", height * width * 9 * 256 * 256,
        plain: { _ = try weights.convolution("layer", x, padding: 1) },
        ours: { type in
          let layer = try Self.layer(Self.fresh(type))
          let map = try x.to(type).channelsLast()
          return { _ = try layer(map) }
        })
    }
  }

  private func deformable() throws -> [Row] {
    try [1, 2].map { stride in
      let (height, width) = (100 / stride, 168 / stride)
      let plain = try Self.layer(Self.fresh(.float32))
      let bias = try plain.bias ?? Tensor.zeros([256])
      let x = try Self.random(1, 256, 100, 168)
      let offset = try Self.random(1, 18, height, width)
      let mask = try Self.random(1, 9, height, width).sigmoid()
      return try row(
        "deformable convolution, \(height) x \(width), stride \(stride)", height * width * 9 * 256 * 256,
        plain: {
          _ = try plainDeformableConvolution(
            x, weight: plain.weight, bias: bias, offset: offset, mask: mask, stride: stride)
        },
        ours: { type in
          let layer = try Self.layer(Self.fresh(type))
          let map = try x.to(type).channelsLast()
          return {
            _ = try Kernels.deformableConvolution(
              map, layer.matrix, offset: offset, mask: mask, stride: stride)
          }
        })
    }
  }

  /// 3x3, of the tower's width.
  private static func layer(_ parameters: Parameters) throws -> Convolution {
    try Convolution(parameters.root / "layer", inputs: 256, outputs: 256, kernel: 3, padding: 1)
  }

  // MARK: Parts of the network

  private func fusion() throws -> [Row] {
    let configuration = DemonstrationFile.configuration
    let (head, width) = (configuration.head, configuration.bert.width)
    return try [7, 194].map { tokens in
      let plain = try Self.fresh(.float32)
      _ = try DeepFusion(plain.root, head: head, languageWidth: width)
      let weights = Weights(plain)
      let visual = try Self.random(1, 22_400, head.channels)
      let padded = try Self.random(1, 256, width)
      let padding = try Tensor((0..<256).map { $0 < tokens ? Float(0) : -9e15 }, shape: [1, 1, 1, 256])
      let needed = multiplyAdds(configuration, height: 800, width: 1333, tokens: [tokens])
      return try row(
        "fusion, \(tokens) tokens", needed.fusion / head.blocks,
        plain: {
          _ = try textbookFusion(
            weights, visual: visual, language: padded, padding: padding, heads: head.fusionHeads)
        },
        ours: { type in
          let layer = try DeepFusion(Self.fresh(type).root, head: head, languageWidth: width)
          let positions = try visual.to(type)
          let words = try padded.sliced(1, 0..<tokens)
          return { _ = try layer(visual: positions, language: words, padding: nil) }
        })
    }
  }

  private func swin() throws -> [Row] {
    note("Measuring Swin blocks")
    let pictures = try Self.random(1, 3, 800, 1344)
    let more = 8
    let shallow = Self.encoder(depths: [1, 1, 1, 1])
    let deep = (0..<4).map { stage in Self.encoder(depths: (0..<4).map { $0 == stage ? 1 + more : 1 }) }
    let start = try Self.runs(of: shallow, on: pictures)
    // The shallow encoder before each deep one: both meet the machine in the same state.
    let work = try deep.flatMap { deep in
      try zip(start, Self.runs(of: deep, on: pictures)).flatMap { [$0, $1] }
    }
    let timings = try alternating(runs: common.runs, work)
    let added = stride(from: 0, to: work.count, by: 2).map { index in
      Timings(zip(timings[index].inOrder, timings[index + 1].inOrder).map { ($1 - $0) / Double(more) }).median
    }
    func needed(_ configuration: GLIPConfiguration) -> Int {
      multiplyAdds(configuration, height: 800, width: 1333, tokens: []).backbone
    }
    return (0..<4).map { stage in
      Self.row(
        "Swin block of stage \(stage)", (needed(deep[stage]) - needed(shallow)) / more,
        Array(added[(stage * start.count)..<((stage + 1) * start.count)]))
    }
  }

  /// A network of which the picture encoder matters.
  private static func encoder(depths: [Int]) -> GLIPConfiguration {
    var configuration = GLIPConfiguration(
      swin: DemonstrationFile.configuration.swin,
      bert: BERTConfiguration(vocabulary: 1, width: 8, layers: 1, heads: 1, intermediate: 8, positions: 1),
      head: HeadConfiguration(blocks: 1, fusion: false))
    configuration.swin.depths = depths
    return configuration
  }

  /// Encodes pictures with the plain operators, and with ours for each type of the weights.
  private static func runs(
    of configuration: GLIPConfiguration, on pictures: Tensor
  ) throws -> [() throws -> Void] {
    let plain = try fresh(.float32)
    _ = try GLIPModel(plain.root, configuration)
    let weights = Weights(plain) / "backbone.body"
    let ours = try types.map { try GLIPModel(fresh($0).root, configuration) }
    return [{ _ = try PlainGLIP.swin(weights, pictures, configuration.swin) }]
      + ours.map { model in { _ = try model.encode(pictures: pictures) } }
  }
}
