import Foundation
import GLIP
import Synchronization
import Testing
import Torch

/// How a network that is trained from nothing begins.
struct InitialValuesTests {
  private final class Noting: ParameterSource {
    let initial = Mutex<[String: Initializer]>([:])

    func parameter(_ name: String, shape: [Int], initial: Initializer) throws -> Tensor {
      self.initial.withLock { $0[name] = initial }
      return try Tensor.zeros(shape)
    }
  }

  @Test func parametersStartAsInTheAuthorsCode() throws {
    let source = Noting()
    _ = try GLIPModel(Parameters(from: source).root, Networks.tiny)
    let initial = source.initial.withLock { $0 }
    func uniform(_ scale: Double, _ inputs: Int) -> Initializer {
      .uniform(bound: (scale / Double(inputs)).squareRoot())
    }
    let tower = "rpn.head.dyhead_tower"
    let expected: [(String, Initializer)] = [
      ("backbone.body.patch_embed.proj.weight", uniform(1, 48)),
      ("backbone.body.layers.1.blocks.1.attn.qkv.weight", .normal(deviation: 0.02)),
      ("backbone.body.layers.1.blocks.1.attn.qkv.bias", .constant(0)),
      ("backbone.body.layers.1.blocks.1.attn.relative_position_bias_table", .normal(deviation: 0.02)),
      ("backbone.body.layers.1.blocks.1.mlp.fc2.bias", .constant(0)),
      ("backbone.body.layers.1.downsample.reduction.weight", .normal(deviation: 0.02)),
      ("backbone.fpn.fpn_inner2.weight", uniform(3, 32)), ("backbone.fpn.fpn_inner2.bias", .constant(0)),
      ("backbone.fpn.fpn_layer4.weight", uniform(3, 9 * 32)),
      ("backbone.fpn.top_blocks.p7.weight", uniform(3, 9 * 32)),
      ("backbone.fpn.top_blocks.p7.bias", .constant(0)),
      ("language_backbone.body.model.embeddings.word_embeddings.weight", .normal(deviation: 0.02)),
      ("language_backbone.body.model.encoder.layer.1.attention.self.key.weight", .normal(deviation: 0.02)),
      ("language_backbone.body.model.encoder.layer.1.output.dense.bias", .constant(0)),
      ("\(tower).0.b_attn.gamma_v", .constant(0.5)), ("\(tower).3.b_attn.gamma_l", .constant(0.5)),
      ("\(tower).0.b_attn.attn.out_l_proj.weight", .xavierUniform),
      ("\(tower).0.b_attn.attn.out_l_proj.bias", .constant(0)),
      ("\(tower).1.attention.self.query.weight", uniform(1, 64)),
      ("\(tower).1.output.dense.bias", uniform(1, 128)),
      ("\(tower).2.DyConv.0.conv.weight", uniform(1, 9 * 32)),
      ("\(tower).2.DyConv.0.conv.bias", .constant(0)),
      ("\(tower).2.AttnConv.1.weight", .normal(deviation: 0.01)),
      ("\(tower).2.offset.weight", uniform(1, 9 * 32)), ("\(tower).2.offset.bias", uniform(1, 9 * 32)),
      ("\(tower).2.relu.fc.0.bias", uniform(1, 32)),
      ("rpn.head.bbox_pred.weight", .normal(deviation: 0.01)), ("rpn.head.bbox_pred.bias", .constant(0)),
      ("rpn.head.dot_product_projection_text.weight", uniform(1, 64)),
      ("rpn.head.dot_product_projection_text.bias", uniform(1, 64)),
      ("rpn.head.bias_lang", .constant(0)), ("rpn.head.log_scale", .constant(0)),
      ("rpn.head.scales.4.scale", .constant(1)),
    ]
    for (name, wanted) in expected { #expect(initial[name] == wanted, "\(name): \(initial[name] as Any)") }
    for name in ["rpn.head.bias0", "rpn.head.cls_logits.bias"] {
      guard case .constant(let value)? = initial[name] else {
        Issue.record("\(name) does not start at a constant")
        continue
      }
      #expect(abs(value + log(99)) < 1e-9)
    }
  }

  @Test func filesFromBeforeTrainingCouldBeConfiguredStillLoad() throws {
    let text = """
      {"bert":{"heads":1,"intermediate":128,"layers":2,"positions":300,"vocabulary":6000,"width":64},
      "head":{"blocks":2,"channels":32,"classes":3,"fusion":true,"fusionHeads":8,"fusionWidth":64,"groups":4},
      "swin":{"channels":16,"depths":[1,2,2,1],"heads":[1,2,4,4],"window":5}}
      """
    let old = try JSONDecoder().decode(GLIPConfiguration.self, from: Data(text.utf8))
    #expect(old == Networks.tiny)
    var new = old
    (new.swin.dropPath, new.bert.dropout) = (0.5, 0.25)
    (new.head.fusionDropout, new.head.dropBlock) = (0.125, 0)
    let again = try JSONDecoder().decode(GLIPConfiguration.self, from: JSONEncoder().encode(new))
    #expect(again == new && new != old)
  }
}
