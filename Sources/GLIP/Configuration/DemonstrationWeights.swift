import Checkpoints
import Torch

/// Weights that mean nothing and are the same everywhere: computed from the parameters' names.
///
/// With them the whole network can be run, traced and compared with another implementation where no trained
/// checkpoint is at hand. They are scaled so that every part of the network matters to the result: offsets bend
/// the convolutions, gates open and close, and some scores pass the threshold. (An untrained network as
/// `FreshParameters` makes it finds nothing at all.) Documentation/parity.md has the recipe.
public struct DemonstrationWeights: ParameterSource {
  private let overrides: [String: Rule]

  /// For one network; the prior of its scores depends on it, so that each has some detections and not too many.
  public init(_ configuration: GLIPConfiguration) {
    overrides =
      switch (configuration.head.fusion, configuration.head.blocks > 6) {
      case (false, _):
        [
          "head.bias0": Self.plain(-7, 0.1), "offset.weight": Self.scaled(1.2, .taps(0.5)),
          "dyhead_tower.0.offset.weight": Self.scaled(0.55, .taps(0.5)),
        ]
      case (true, true): ["head.bias0": Self.plain(-6, 0.1)]
      case (true, false): ["head.bias0": Self.plain(-4.9, 0.1)]
      }
  }

  public func parameter(_ name: String, shape: [Int], initial: Initializer) throws -> Tensor {
    let recipe = recipe(name, shape: shape)
    let values = DeterministicWeights(
      name: name, shape: shape, mean: recipe.mean, std: recipe.deviation, transform: recipe.transform
    ).values()
    return try Tensor(values, shape: shape)
  }

  /// Distribution of one parameter. Weights are scaled by the number of their inputs, everything else is not.
  package func recipe(
    _ name: String, shape: [Int]
  ) -> (mean: Double, deviation: Double, transform: DeterministicWeights.Transform) {
    let exact = name.split(separator: ".").map(String.init)
    let general = exact.map { $0.allSatisfy(\.isNumber) ? "#" : $0 }
    let paths = exact.indices.flatMap { start in
      [exact[start...].joined(separator: "."), general[start...].joined(separator: ".")]
    }
    // The longest path is the most specific.
    let rule = paths.lazy.compactMap { overrides[$0] ?? Self.rules[$0] }.first ?? Self.plain(0, 0.05)
    let inputs = Double(shape.dropFirst().reduce(1, *))
    return (rule.mean, rule.scaled ? rule.deviation / inputs.squareRoot() : rule.deviation, rule.transform)
  }

  private struct Rule: Sendable {
    var mean = 0.0
    var deviation: Double
    var scaled = false
    var transform = DeterministicWeights.Transform.none
  }

  private static func scaled(_ deviation: Double, _ transform: DeterministicWeights.Transform = .none) -> Rule
  {
    Rule(deviation: deviation, scaled: true, transform: transform)
  }

  private static func plain(_ mean: Double, _ deviation: Double) -> Rule {
    Rule(mean: mean, deviation: deviation)
  }

  /// By the end of the parameter's path; `#` stands for a number.
  private static let rules: [String: Rule] = [
    // Anything that no longer path matches.
    "weight": scaled(1),
    "bias": plain(0, 0.05),

    // Swin
    "patch_embed.proj.bias": plain(0, 0.1),
    "norm.weight": plain(1, 0.2),
    "norm1.weight": plain(1, 0.2),
    "norm2.weight": plain(1, 0.2),
    "norm3.weight": plain(1, 0.2),
    "attn.relative_position_bias_table": plain(0, 0.5),
    "attn.qkv.weight": scaled(1.3),
    "attn.qkv.bias": plain(0, 0.1),
    "mlp.fc2.weight": scaled(1, .row(1)),

    // Pyramid
    "fpn.fpn_layer2.weight": scaled(1.2, .taps(0.5)),
    "fpn.fpn_layer3.weight": scaled(1.2, .taps(0.5)),
    "fpn.fpn_layer4.weight": scaled(1.2, .taps(0.5)),
    "top_blocks.p6.weight": scaled(1.4, .taps(0.5)),
    "top_blocks.p7.weight": scaled(1.4, .taps(0.5)),

    // BERT
    "embeddings.word_embeddings.weight": plain(0, 0.05),
    "embeddings.position_embeddings.weight": plain(0, 0.015),
    "embeddings.token_type_embeddings.weight": plain(0, 0.015),
    "LayerNorm.weight": plain(1, 0.1),
    "attention.self.query.weight": scaled(1.6),
    "attention.self.key.weight": scaled(1.6),
    "attention.output.dense.weight": scaled(0.4),
    "output.dense.weight": scaled(1.2, .row(1)),
    "dyhead_tower.#.attention.self.query.bias": plain(0, 0.03),
    "dyhead_tower.#.attention.self.key.bias": plain(0, 0.03),
    "dyhead_tower.#.attention.self.value.bias": plain(0, 0.03),
    "dyhead_tower.#.attention.output.dense.bias": plain(0, 0.03),
    "dyhead_tower.#.attention.output.LayerNorm.bias": plain(0, 0.03),
    "dyhead_tower.#.intermediate.dense.bias": plain(0, 0.03),
    "dyhead_tower.#.output.dense.bias": plain(0, 0.03),
    "dyhead_tower.#.output.LayerNorm.bias": plain(0, 0.03),

    // Deep fusion
    "b_attn.gamma_v": plain(0.2, 0.2),
    "b_attn.gamma_l": plain(0.12, 0.15),
    "b_attn.layer_norm_v.weight": plain(1, 0.2),
    "b_attn.layer_norm_l.weight": plain(1, 0.2),
    "attn.v_proj.weight": scaled(1.5),
    "attn.l_proj.weight": scaled(1.5),
    "attn.values_v_proj.weight": scaled(1.5),
    "attn.values_l_proj.weight": scaled(1.5),
    "attn.out_v_proj.weight": scaled(1.5),
    "attn.out_l_proj.weight": scaled(1.5),

    // Dynamic head
    "DyConv.#.conv.weight": scaled(1.4, .taps(0.75)),
    "DyConv.#.bn.weight": plain(1, 0.2),
    "DyConv.#.bn.bias": plain(0, 0.1),
    "AttnConv.#.weight": scaled(2.4),
    "AttnConv.#.bias": plain(0.4, 0.5),
    "offset.weight": scaled(0.55, .taps(0.5)),
    "offset.bias": plain(0, 0.6),
    "relu.fc.0.weight": scaled(3),
    "relu.fc.0.bias": plain(0.1, 0.3),
    "relu.fc.2.weight": scaled(1.5),
    "relu.fc.2.bias": plain(0, 0.4),

    // Predictors
    "head.log_scale": plain(0.2, 0.05),
    "head.bias_lang": plain(0, 0.8),
    "head.cls_logits.weight": plain(0, 0.01),
    "head.cls_logits.bias": plain(-4.59512, 0.05),
    "head.bbox_pred.weight": scaled(6),
    "head.bbox_pred.bias": plain(0, 0.2),
    "head.centerness.weight": scaled(4),
    "head.centerness.bias": plain(0.3, 0.1),
    "head.dot_product_projection_text.weight": Rule(deviation: 1.2, transform: .column(1)),
    "head.dot_product_projection_text.bias": plain(0, 0.01),
    "scales.#.scale": plain(1, 0.15),
  ]
}
