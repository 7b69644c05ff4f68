import GroundingTraining
import Testing

struct ScheduleTests {
  @Test func theAuthorsScheduleAtTheIterationsTheyRecorded() {
    let schedule = Schedule(decay: Schedule.multiStep(iterations: 10_000))
    let rates = [
      0: 1.0e-7, 1: 1.4995e-7, 10: 5.995e-7, 100: 5.095e-6, 1000: 5.005e-5, 1999: 9.995e-5, 2000: 1e-4,
      6699: 1e-4, 6700: 1e-5, 8899: 1e-5, 8900: 1e-6,
    ]
    for (iteration, rate) in rates {
      let found = 1e-4 * schedule.learningRateFactor(at: iteration)
      #expect(abs(found / rate - 1) < 1e-4, "iteration \(iteration)")
      #expect(schedule.weightDecayFactor(at: iteration) == 1)
    }
  }

  @Test func weightDecayFallsBeforeTheLearningRateDoes() {
    let schedule = Schedule(decay: .steps(at: [3000, 6000], factor: 0.1), weightDecayShare: 0.667)
    let factors = [0, 2000, 2001, 4001, 4002, 9000].map { schedule.weightDecayFactor(at: $0) }
    for (found, expected) in zip(factors, [1, 1, 0.1, 0.1, 0.01, 0.01]) {
      #expect(abs(found / expected - 1) < 1e-9)
    }
  }

  @Test func aCosineGoesFromOneToItsFloor() {
    let schedule = Schedule(
      warmUpIterations: 100, warmUpFactor: 0, decay: .cosine(end: 1100, floor: 0.1))
    let factors = [0, 50, 100, 600, 1100, 5000].map { schedule.learningRateFactor(at: $0) }
    for (found, expected) in zip(factors, [0, 0.5, 1, 0.55, 0.1, 0.1]) {
      #expect(abs(found - expected) < 1e-9)
    }
  }

  @Test func withoutWarmUpTrainingStartsAtTheFullRate() {
    let schedule = Schedule(warmUpIterations: 0, decay: .constant)
    #expect(schedule.learningRateFactor(at: 0) == 1 && schedule.learningRateFactor(at: 1_000_000) == 1)
  }
}

struct ParameterRulesTests {
  @Test func ratesFollowTheNames() {
    var rules = ParameterRules()
    (rules.bodyFactor, rules.normDecayFactor, rules.weightDecay) = (0.5, 0.1, 0.05)
    func expect(_ name: String, _ rate: Double, _ decay: Double) {
      let found = rules.rates(of: name)
      #expect(abs(found.learningRate - rate) < 1e-15 && abs(found.weightDecay - decay) < 1e-15, "\(name)")
    }
    expect("backbone.body.layers.0.blocks.0.attn.qkv.weight", 5e-5, 0.05)
    expect("backbone.body.layers.0.blocks.0.attn.relative_position_bias_table", 1e-4, 0)
    expect("backbone.body.layers.0.blocks.0.norm1.weight", 5e-5, 0.005)
    expect("language_backbone.body.model.embeddings.LayerNorm.weight", 1e-5, 0.005)
    expect("language_backbone.body.model.embeddings.LayerNorm.bias", 2e-5, 0)
    expect("rpn.head.dyhead_tower.1.output.dense.weight", 1e-4, 0.05)
    expect("rpn.head.dyhead_tower.2.DyConv.0.bn.weight", 1e-4, 0.05)
    expect("rpn.head.bias_lang", 2e-4, 0)
    expect("rpn.head.log_scale", 1e-4, 0.05)
  }
}
