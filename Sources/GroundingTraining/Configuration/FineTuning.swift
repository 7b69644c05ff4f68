import GLIP

/// Which parameters are trained when a model is adapted to a task (Documentation/training.md, "Ways to fine-tune").
public enum FineTuning: String, Codable, Sendable, CaseIterable {
  /// Everything but the stem and first stage of the picture encoder.
  case full
  /// The predictors alone: boxes, centerness, and the projection of words.
  case linear
  /// The text encoder alone (the authors' language prompt tuning, first variant; the third is the same).
  case language
  /// An offset for every word of the prompt, added to what the text encoder gives; the paper's prompt tuning (the
  /// authors' second variant; the fourth is the same).
  case prompt

  /// Parts whose parameters stay as they are and that run as in inference.
  public var frozen: [String] {
    switch self {
    case .full: ["backbone.body.patch_embed", "backbone.body.layers.0"]
    case .linear: ["backbone", "language_backbone"]
    case .language: ["backbone", "rpn.head"]
    case .prompt: ["backbone", "language_backbone", "rpn.head"]
    }
  }

  /// Within parts that are not frozen, what alone is trained; nil for everything. Dropout stays on around it.
  public var trained: [String]? {
    switch self {
    case .full, .language: nil
    case .linear:
      [
        "rpn.head.bbox_pred", "rpn.head.centerness", "rpn.head.dot_product_projection_text",
        "rpn.head.log_scale", "rpn.head.bias_lang", "rpn.head.bias0",
      ]
    case .prompt: [PromptOffsets.parameter]
    }
  }

  /// The authors' learning rate and weight decay for fine-tuning in this way.
  public var rates: (learningRate: Double, language: Double, weightDecay: Double) {
    switch self {
    case .full, .linear, .language: (1e-4, 1e-5, 0.05)
    case .prompt: (0.05, 0.05, 0.25)
    }
  }
}
