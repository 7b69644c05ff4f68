import Torch

/// What one level of the pyramid predicts.
package struct LevelPrediction: Sendable {
  /// Alignment of every position with every word, logits [B, h·w, T].
  package let logits: Tensor
  /// [B, h·w, 4]: dx, dy, dw, dh against the position's anchor.
  package let boxes: Tensor
  /// Logits [B, h·w].
  package let centerness: Tensor

  package init(logits: Tensor, boxes: Tensor, centerness: Tensor) {
    self.logits = logits
    self.boxes = boxes
    self.centerness = centerness
  }
}

/// Word-region alignment scores in place of a classifier (paper, section 3.1, equation 3), and the box and
/// centerness predictions of ATSS (Zhang et al., CVPR 2020).
struct AlignmentHead: Sendable {
  private let wordProjection: Linear
  /// Weighs a word's embedding into a bias of its logits.
  private let wordBias: Tensor
  private let bias: Tensor
  private let logScale: Tensor
  private let box: Convolution
  private let boxScales: [Tensor]
  private let centerness: Convolution
  /// The plain classifier. Nothing reads it, but released checkpoints carry it and traces compare it.
  private let classifier: Convolution

  /// -ln((1 - p) / p) for the prior p = 0.01 of focal loss: positions start out as background.
  private static let priorBias = -4.59511985013459
  private static let limit = 50_000.0

  init(_ scope: Scope, head: HeadConfiguration, languageWidth: Int, levels: Int) throws {
    func predictor(_ name: String, _ outputs: Int, bias: Double = 0) throws -> Convolution {
      try Convolution(
        scope / name, inputs: head.channels, outputs: outputs, kernel: 1, role: .precise,
        initial: .normal(deviation: 0.01), initialBias: .constant(bias))
    }
    wordProjection = try Linear(
      scope / "dot_product_projection_text", inputs: languageWidth, outputs: head.channels)
    wordBias = try scope.parameter("bias_lang", [languageWidth], .constant(0))
    bias = try scope.parameter("bias0", [1], .constant(Self.priorBias))
    logScale = try scope.parameter("log_scale", [1], .constant(0))
    classifier = try predictor("cls_logits", head.classes, bias: Self.priorBias)
    box = try predictor("bbox_pred", 4)
    centerness = try predictor("centerness", 1)
    boxScales = try (0..<levels).map { try (scope / "scales" / $0).parameter("scale", [1], .constant(1)) }
  }

  /// - Parameters:
  ///   - levels: P3…P7 after the tower, [B, C, h, w]
  ///   - words: [B, T, L]
  func callAsFunction(_ levels: [Tensor], words: Tensor) throws -> [LevelPrediction] {
    // Halving only the input of the projection, not its bias, is the authors' form.
    let length = try words.norm(-1, keepingRank: true).clamped(min: 1e-12)
    let unit = try words / length
    try Trace.record("proj_tokens_in", unit / 2)
    let projected = try project(unit)  // [B, T, C]
    Trace.record("proj_tokens", projected)
    let wordBiases = try unit.matmul(wordBias) + bias  // [B, T]
    Trace.record("token_bias", wordBiases)

    return try levels.enumerated().map { level, x in
      let logits = try align(Self.positions(x), projected / logScale.exponential(), wordBiases)
        .clamped(min: -Self.limit, max: Self.limit)
      let boxes = try box(x) * boxScales[level]
      let center = try centerness(x)
      Trace.record("bbox_reg_l\(level)", boxes)
      Trace.record("centerness_l\(level)", center)
      Trace.record("dot_logits_l\(level)", logits)
      try Trace.record("cls_logits_l\(level)", classifier(x))
      return LevelPrediction(
        logits: logits, boxes: try Self.positions(boxes), centerness: try Self.positions(center).squeezed(-1))
    }
  }

  /// What the features of regions are multiplied with, but for the scale: unit vectors of words [..., L] -> [..., C].
  private func project(_ unit: Tensor) throws -> Tensor { try wordProjection(unit / 2) }

  /// The alignment of regions with what each is called, biases left out: [N, C] and the means of their
  /// words' unit vectors [names, L] -> [N, names].
  func align(_ regions: Tensor, names: Tensor) throws -> Tensor {
    try regions.matmul((project(names) / logScale.exponential()).transposed(0, 1))
  }

  /// Positions [B, N, C], words [B, T, C] and their biases [B, T] -> [B, N, T].
  private func align(_ positions: Tensor, _ words: Tensor, _ biases: Tensor) throws -> Tensor {
    guard Kernels.apply(to: positions), positions.size(2).isMultiple(of: 4) else {
      return try positions.matmul(words.transposed(1, 2)) + biases.unsqueezed(1)
    }
    return try Tensor.stacked(
      (0..<positions.size(0)).map { picture in
        let matrix = try Kernels.pack(
          words.selected(0, picture), bias: biases.selected(0, picture), dtype: positions.dtype)
        return try Kernels.linear(positions.selected(0, picture), matrix, dtype: .float32)
      })
  }

  /// [B, C, h, w] -> [B, h·w, C], rows first.
  static func positions(_ x: Tensor) throws -> Tensor {
    try x.permuted(0, 2, 3, 1).reshaped(x.size(0), -1, x.size(1))
  }
}
