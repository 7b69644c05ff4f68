import GLIP
import GroundingData
import GroundingTraining
import PlainGLIP
import Testing
import Torch

/// A step of a tiny network.
struct TrainingStepTests {
  private func loss(_ predictions: [LevelPrediction], _ batch: Batch) throws -> Tensor {
    try GroundingLoss()(predictions, AssignedTargets(batch, length: predictions[0].logits.size(2))).total
  }

  @Test(arguments: [true, false])
  func bothFormulationsHaveTheSameGradients(fusion: Bool) throws {
    var configuration = Networks.tiny
    configuration.head.fusion = fusion
    let batch = try Batch.small()
    func gradients(plain: Bool) throws -> [(name: String, gradient: Tensor?)] {
      let (model, parameters) = try Networks.trainable(configuration, frozen: .unused)
      let predictions =
        try plain
        ? PlainModel(Weights(parameters), configuration)(batch.pixels, prompts: batch.prompts)
        : model(batch.pixels, prompts: batch.prompts).predictions
      try loss(predictions, batch).backward()
      return parameters.all.map { ($0.name, $0.tensor.gradient) }
    }
    let (fast, plain) = try (gradients(plain: false), gradients(plain: true))
    for (fast, plain) in zip(fast, plain) {
      guard !fast.name.contains("cls_logits") else {
        #expect(fast.gradient == nil && plain.gradient == nil)
        continue
      }
      let (one, other) = try (#require(fast.gradient, "\(fast.name)"), #require(plain.gradient))
      guard try other.largestMagnitude() > 1e-5 else { continue }
      #expect(try one.error(from: other) < 2e-3, "\(fast.name)")
    }
  }

  @Test func theGradientIsTheSlope() throws {
    let batch = try Batch.small()
    let (model, parameters) = try Networks.trainable(Networks.tiny, frozen: .unused)
    let trained = parameters.groups(ParameterRules()).map(\.tensor)
    func value() throws -> Tensor { try loss(model(batch.pixels, prompts: batch.prompts).predictions, batch) }
    try value().backward()
    let gradients = try trained.map { try #require($0.gradient).clone() }
    let length = try gradients.map { try $0.length() }.reduce(0) { $0 + $1 * $1 }.squareRoot()
    // Downhill and uphill along the gradient.
    let step = 5e-4
    func moved(_ scale: Double) throws -> Double {
      try withoutGradient {
        for (tensor, gradient) in zip(trained, gradients) { try tensor.add(inPlace: gradient, scale: scale) }
        return try value().item()
      }
    }
    let above = try moved(step / length)
    let below = try moved(-2 * step / length)
    #expect(abs((above - below) / (2 * step) / length - 1) < 0.03)
  }

  @Test func picturesWithoutBoxesTeachBackground() throws {
    var batch = try Batch.small()
    let (model, parameters) = try Networks.trainable(Networks.tiny, frozen: .unused)
    batch.targets = batch.targets.map { _ in PictureTargets(boxes: [], tokens: []) }
    let output = try model(batch.pixels, prompts: batch.prompts)
    let terms = try GroundingLoss()(output.predictions, AssignedTargets(batch))
    #expect(try terms.alignment.item() > 0 && terms.box.item() == 0 && terms.centerness.item() == 0)
    try terms.total.backward()
    // Every process of a run must have a gradient of everything.
    for group in parameters.groups(ParameterRules()) {
      #expect(group.tensor.gradient != nil, "\(group.name)")
      #expect(try group.tensor.gradient?.length().isFinite == true, "\(group.name)")
    }
  }

  @Test func onlyWhatIsNotFrozenIsTrained() throws {
    let frozen = PathSet(["language_backbone", "backbone.fpn"]).paths.union(PathSet.stages(2).paths)
    let (_, parameters) = try Networks.trainable(Networks.tiny, frozen: PathSet(frozen))
    let names = Set(parameters.groups(ParameterRules()).map(\.name))
    for (name, tensor, _) in parameters.all {
      let isFrozen = [
        "language_backbone.", "backbone.fpn.", "backbone.body.patch_embed.", "backbone.body.layers.0.",
      ]
      .contains { name.hasPrefix($0) }
      #expect(tensor.requiresGradient == !isFrozen && names.contains(name) == !isFrozen, "\(name)")
    }
    #expect(PathSet.stages(-1).paths.isEmpty && PathSet.stages(0) == PathSet.stages(1))
  }

  @Test func optionalTermsAreLeftOutOrTrained() throws {
    let batch = try Batch.small()
    let parameters = Parameters(from: TrainableParameters(try FreshParameters(seed: 3), frozen: .unused))
    let model = try GLIPModel(parameters.root, Networks.tiny)
    let before = parameters.all.count
    _ = try AuxiliaryLosses(parameters.root, Networks.tiny, LossConfiguration())
    #expect(parameters.all.count == before)

    var configuration = LossConfiguration()
    (configuration.maskedLanguageWeight, configuration.contrastiveWeight) = (1, 0.5)
    let auxiliary = try AuxiliaryLosses(parameters.root, Networks.tiny, configuration)
    let output = try model(batch.pixels, prompts: batch.prompts)
    let assigned = try AssignedTargets(batch)
    for answers in [[MaskedPrompts.Answer(prompt: 1, token: 3, id: 2304)], []] {
      var terms = try GroundingLoss(configuration)(output.predictions, assigned)
      try auxiliary.add(to: &terms, output, assigned, answers: answers)
      #expect(
        terms.named.map(\.name) == ["alignment", "box", "centerness", "masked_language", "contrastive"])
      let masked = try #require(terms.maskedLanguage).item()
      #expect(answers.isEmpty ? masked == 0 : masked > 0)
      #expect(try #require(terms.contrastive).item() > 0)
      try terms.total.backward(retainGraph: true)
    }
    for (name, tensor, _) in parameters.all[before...] {
      #expect(try #require(tensor.gradient, "\(name)").length().isFinite, "\(name)")
    }
  }

  @Test func promptsAreMaskedAtBERTsRates() {
    var random = SplitMix(state: 9)
    let prompts = [[Int32]](repeating: [Int32](repeating: 7, count: 200), count: 200)
    let masked = MaskedPrompts(
      prompts, asked: prompts.map { _ in [0..<50] }, vocabulary: 1000, using: &random)
    let all = masked.prompts.joined()
    func share(_ count: Int) -> Double { Double(count) / 40_000 }
    #expect(abs(share(all.count { $0 == 103 }) - 0.12) < 0.01)
    #expect(abs(share(all.count { $0 != 103 && $0 != 7 }) - 0.015) < 0.005)
    #expect(abs(Double(masked.answers.count) / 10_000 - 0.15) < 0.02)
    #expect(masked.answers.allSatisfy { $0.token < 50 && $0.id == 7 })
    // Of what is asked for, a tenth stands there as it was.
    let left = masked.answers.count { masked.prompts[$0.prompt][$0.token] == 7 }
    #expect(abs(Double(left) / Double(masked.answers.count) - 0.1) < 0.03)
  }

  @Test func promptsThatMayNotBeMaskedAreNot() throws {
    var batch = try Batch.small()
    batch.prompts = [[Int32]](repeating: [Int32](1000..<1200), count: 6)
    batch.targets = (0..<6).map { picture in
      PictureTargets(boxes: [], tokens: [], asked: picture.isMultiple(of: 3) ? nil : [3..<picture * 10])
    }
    let parameters = Parameters(from: try FreshParameters(seed: 3))
    var configuration = LossConfiguration()
    for weight in [0.0, 1] {
      configuration.maskedLanguageWeight = weight
      let losses = try AuxiliaryLosses(parameters.root, Networks.tiny, configuration)
      var random = SplitMix(state: 9)
      let masked = losses.masked(batch, using: &random)
      for picture in 0..<6 {
        let isLeft = weight == 0 || picture.isMultiple(of: 3)
        #expect((masked.prompts[picture] == batch.prompts[picture]) == isLeft)
      }
      #expect(masked.answers.isEmpty == (weight == 0))
      #expect(
        masked.answers.allSatisfy {
          !$0.prompt.isMultiple(of: 3) && (3..<$0.prompt * 10).contains($0.token)
            && $0.id == Int32(1000 + $0.token)
        })
    }
  }
}
