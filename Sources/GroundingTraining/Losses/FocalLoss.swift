import Torch

/// The sum of sigmoid focal losses of logits (Lin et al., "Focal Loss for Dense Object Detection", ICCV 2017).
///
/// With z the logit towards the wrong answer, q = σ(z) and the class weight a, a logit costs a·qᵞ·ln(1 + eᶻ), and its
/// derivative is a·qᵞ·(γ·(1 − q)·ln(1 + eᶻ) + q). Scores of all anchors with all words are the largest tensor of a
/// training step; writing the derivative down keeps one copy for the backward pass instead of eight.
///
/// - Parameters:
///   - logits: of any shape
///   - targets: 0 or 1, of the same shape
///   - valid: 1 where a logit counts and 0 where not, of a shape that can be broadcast to it
///   - alpha: weight of the targets 1; 1 − alpha is that of the others
///   - gamma: how much is taken off what is right already
package func sigmoidFocalLoss(
  _ logits: Tensor, targets: Tensor, valid: Tensor, alpha: Double, gamma: Double
) throws -> Tensor {
  let (loss, derivative) = try withoutGradient {
    let targets = try targets.to(logits.dtype)
    let sign = try targets * -2 + 1
    let wrong = try logits * sign
    let probability = try wrong.sigmoid()
    let cost = try wrong.softplus()
    let weight = try (targets * (2 * alpha - 1) + (1 - alpha)) * valid * probability.power(gamma)
    let slope = try weight * ((-probability + 1) * cost * gamma + probability) * sign
    return (try (weight * cost).sum(), slope)
  }
  // A value from above, a gradient from here.
  let linear = try (logits * derivative).sum()
  return try linear + (loss - linear).detached()
}
