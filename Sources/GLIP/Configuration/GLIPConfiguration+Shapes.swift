import Checkpoints
import Torch

extension GLIPConfiguration {
  /// The parts of the tower that words have to do with, by their paths.
  package var pathsOfFusion: [String] {
    guard head.fusion else { return [] }
    return (0..<head.blocks).flatMap { index in
      let attention = "rpn.head.dyhead_tower.\(3 * index).b_attn"
      return ["attn", "gamma_v", "gamma_l", "layer_norm_l"].map { "\(attention).\($0)" }
        + ["rpn.head.dyhead_tower.\(3 * index + 1)"]
    }
  }

  /// Whether a parameter is of no use to a network that sees pictures only.
  func isForWords(_ name: String) -> Bool {
    PathSet(["language_backbone", "rpn.head.cls_logits", PromptOffsets.parameter] + pathsOfFusion).contains(
      name)
  }

  /// Reads a network's sizes off the shapes of its parameters, for checkpoints that carry no description.
  ///
  /// What leaves no trace in the shapes is taken as all released models have it: BERT's heads are 64 wide, the fusion
  /// has eight, and training drops what it dropped in them.
  ///
  /// - Throws: `ModelFileError.notGLIP` naming the first parameter that is missing.
  init(shapesOf checkpoint: Checkpoint) throws {
    func shape(_ name: String, rank: Int) throws -> [Int] {
      guard let entry = checkpoint[name] else { throw ModelFileError.notGLIP(missing: name) }
      guard entry.shape.count == rank, entry.shape.allSatisfy({ $0 > 0 }) else {
        throw ModelFileError.oddShape(parameter: name, shape: entry.shape)
      }
      return entry.shape
    }
    /// How many of `prefix0suffix`, `prefix1suffix`, … there are.
    func count(_ prefix: String, _ suffix: String) -> Int {
      var index = 0
      while checkpoint["\(prefix)\(index)\(suffix)"] != nil { index += 1 }
      return index
    }

    let body = "backbone.body."
    let channels = try shape(body + "patch_embed.proj.weight", rank: 4)[0]
    let tables = try (0..<count(body + "layers.", ".blocks.0.norm1.weight")).map { stage in
      try shape(body + "layers.\(stage).blocks.0.attn.relative_position_bias_table", rank: 2)
    }
    guard let table = tables.first else {
      throw ModelFileError.notGLIP(missing: body + "layers.0.blocks.0.norm1.weight")
    }
    let depths = tables.indices.map { count(body + "layers.\($0).blocks.", ".norm1.weight") }
    let side = Int(Double(table[0]).squareRoot())  // 2 · window - 1

    let text = "language_backbone.body.model."
    let words = try shape(text + "embeddings.word_embeddings.weight", rank: 2)
    let bert = BERTConfiguration(
      vocabulary: words[0], width: words[1],
      layers: count(text + "encoder.layer.", ".attention.self.query.weight"), heads: max(words[1] / 64, 1),
      intermediate: try shape(text + "encoder.layer.0.intermediate.dense.weight", rank: 2)[0],
      positions: try shape(text + "embeddings.position_embeddings.weight", rank: 2)[0])

    let rpn = "rpn.head."
    let tower = rpn + "dyhead_tower."
    let fusion = checkpoint[tower + "0.b_attn.gamma_v"] != nil
    let stride = fusion ? 3 : 1
    var blocks = 0
    while checkpoint["\(tower)\(blocks * stride + stride - 1).offset.weight"] != nil { blocks += 1 }
    let box = try shape(rpn + "bbox_pred.weight", rank: 4)
    var head = HeadConfiguration(channels: box[1], blocks: blocks, fusion: fusion)
    head.classes = try shape(rpn + "cls_logits.weight", rank: 4)[0]
    if checkpoint[PromptOffsets.parameter] != nil {
      head.promptOffsets = try shape(PromptOffsets.parameter, rank: 2)[0]
    }
    if fusion { head.fusionWidth = try shape(tower + "0.b_attn.attn.v_proj.weight", rank: 2)[0] }

    var swin = SwinConfiguration(
      channels: channels, depths: depths, heads: tables.map { $0[1] }, window: (side + 1) / 2)
    let large = Preset.glipL.configuration.swin
    if swin.channels >= large.channels { swin.dropPath = large.dropPath }
    self.init(swin: swin, bert: bert, head: head)
  }
}
