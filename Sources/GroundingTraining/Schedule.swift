import Foundation

/// How learning rates and weight decays change in the course of training: factors of their values at the start, as
/// functions of the iteration, counted from 0.
public struct Schedule: Codable, Sendable, Hashable {
  /// Iterations until the full learning rate is reached, and the share of it to begin with.
  public var warmUpIterations = 2000
  public var warmUpFactor = 0.001
  public var decay = Decay.constant
  /// Where set, weight decay falls as well: by the steps of `decay`, at this share of their iterations.
  public var weightDecayShare: Double?

  public enum Decay: Codable, Sendable, Hashable {
    case constant
    /// Times `factor` at each of the iterations.
    case steps(at: [Int], factor: Double)
    /// Half a cosine from the end of the warm-up to iteration `end`, down to the share `floor`.
    case cosine(end: Int, floor: Double)
  }

  public init(
    warmUpIterations: Int = 2000, warmUpFactor: Double = 0.001, decay: Decay, weightDecayShare: Double? = nil
  ) {
    (self.warmUpIterations, self.warmUpFactor) = (warmUpIterations, warmUpFactor)
    (self.decay, self.weightDecayShare) = (decay, weightDecayShare)
  }

  /// The authors' steps: a tenth at 67 % and again at 89 % of all iterations.
  public static func multiStep(
    iterations: Int, shares: [Double] = [0.67, 0.89], factor: Double = 0.1
  ) -> Decay {
    .steps(at: shares.map { Int(($0 * Double(iterations)).rounded(.toNearestOrEven)) }, factor: factor)
  }

  /// Of the learning rates.
  public func learningRateFactor(at iteration: Int) -> Double {
    warmUp(at: iteration) * decayFactor(at: iteration)
  }

  /// Of the weight decays.
  public func weightDecayFactor(at iteration: Int) -> Double {
    guard let weightDecayShare, case .steps(let steps, let factor) = decay else { return 1 }
    return pow(factor, Double(steps.count { Double(iteration) >= weightDecayShare * Double($0) }))
  }

  private func warmUp(at iteration: Int) -> Double {
    guard iteration < warmUpIterations else { return 1 }
    let progress = Double(iteration) / Double(warmUpIterations)
    return warmUpFactor * (1 - progress) + progress
  }

  private func decayFactor(at iteration: Int) -> Double {
    switch decay {
    case .constant: return 1
    case .steps(let steps, let factor): return pow(factor, Double(steps.count { iteration >= $0 }))
    case .cosine(let end, let floor):
      let length = max(end - warmUpIterations, 1)
      let progress = min(max(Double(iteration - warmUpIterations) / Double(length), 0), 1)
      return floor + (1 - floor) * (1 + cos(.pi * progress)) / 2
    }
  }
}
