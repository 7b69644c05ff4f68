import Foundation
import GroundingTraining
import Testing

struct ConfigurationTests {
  private static let small = """
    network: {preset: glip-t-a}
    data:
      training:
        - data: {annotations: a.json}
    optimization: {steps: 10}
    """

  @Test func whatIsNotMentionedHasItsDefault() throws {
    let configuration = try TrainingConfiguration(yaml: Self.small)
    #expect(configuration.optimization.steps == 10)
    #expect(configuration.optimization.rates.learningRate == 1e-4)
    #expect(configuration.optimization.clip == 1)
    #expect(configuration.data.augmentation == .authors)
    #expect(configuration.data.training[0].copies == 1)
    // The resolved text means the same.
    #expect(try TrainingConfiguration(yaml: configuration.yaml) == configuration)
  }

  @Test(arguments: [
    (
      "optimization: {steps: 10}", "optimization: {steps: 10, learningrate: 1}", "'optimization.learningrate'"
    ),
    ("optimization: {steps: 10}", "optimization: {steps: 10, plateau: {patience: 1}}", "'validation.data'"),
    ("optimization: {steps: 10}", "optimization: {steps: 10, epochs: 1}", "either 'epochs' or 'steps'"),
    ("optimization: {steps: 10}", "optimization: {steps: ten}", "'optimization.steps'"),
    ("optimization: {steps: 10}", "optimization: {steps: 10, batch: 5, accumulate: 2}", "divisor"),
    ("optimization: {steps: 10}", "optimization: {steps: 10, precision: int8}", "'optimization.precision'"),
    ("optimization: {steps: 10}", "optimization: {steps: 10, rates: {weightDecay: -1}}", "weightDecay"),
    ("optimization: {steps: 10}", "optimization: {steps: 10}\nsede: 3", "'sede'"),
    ("optimization: {", "loss: {maskedLanguageWeight: -1}\noptimization: {", "'loss.maskedLanguageWeight'"),
    ("network: {preset: glip-t-a}", "network: {preset: glip-x}", "'network.preset'"),
    ("network: {preset: glip-t-a}", "seed: 1", "given a 'preset'"),
    ("- data: {annotations: a.json}", "- data: {annotation: a.json}", "annotation"),
    ("- data: {annotations: a.json}", "- {copies: 2}", "'data.training.1.data'"),
    ("    - data: {annotations: a.json}", "    []", "at least one data set"),
    ("network: {preset: glip-t-a}", "network: {preset: [}", "not YAML"),
    (ConfigurationTests.small, "just a text", "list of settings"),
  ])
  func aMistakeIsNamedInASentence(old: String, new: String, part: String) throws {
    let text = Self.small.replacing(old, with: new)
    #expect(text != Self.small)
    let error = try #require(throws: ConfigurationError.self) { try TrainingConfiguration(yaml: text) }
    #expect(error.description.contains(part), "\(error)")
    #expect(error.description.hasSuffix(".") && !error.description.contains("\n"), "\(error)")
  }

  @Test func pathsAreRelativeToTheFile() throws {
    let configuration = try TrainingConfiguration(
      yaml: Self.small.replacing("glip-t-a}", with: "glip-t-a, backbone: ../swin.pth, language: /bert.pth}"))
    let resolved = configuration.resolvingPaths(relativeTo: URL(fileURLWithPath: "/runs/one"))
    #expect(resolved.data.training[0].data.annotations == "/runs/one/a.json")
    #expect(resolved.network.backbone == "/runs/swin.pth")
    #expect(resolved.network.language == "/bert.pth")
  }

  private func recipe(_ name: String) throws -> TrainingConfiguration {
    let root = URL(fileURLWithPath: #filePath)  // Tests/GroundingTrainingTests/ConfigurationTests.swift
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let file = root.appending(path: "recipes/\(name).yaml")
    return try TrainingConfiguration(yaml: String(contentsOf: file, encoding: .utf8))
  }

  /// Settings of the released models, Documentation/training.md.
  @Test(arguments: ["glip-t-a", "glip-t-b", "glip-t-c", "glip-t", "glip-l", "coco"])
  func recipesCanBeRead(name: String) throws {
    let configuration = try recipe(name)
    #expect(configuration.optimization.warmUpSteps == 2000 && configuration.optimization.clip == 1)
    #expect(configuration.optimization.rates.biasFactor == 2)
    #expect(configuration.optimization.rates.weightDecay == (name == "glip-l" ? 0.01 : 1e-4))
    #expect(configuration.optimization.batch == (name == "coco" ? 32 : 64))
    if name != "coco" { #expect(configuration.network.preset?.rawValue == name) }
  }

  @Test func theSmallRecipeCanBeRead() throws {
    let configuration = try recipe("small")
    #expect(configuration.network.sizes?.head.blocks == 2)
    #expect(configuration.validation.data?.annotations == "val.json")
  }

  /// Those of Documentation/results.md are alike but for what is compared.
  @Test func theSmallNetworksRecipesCanBeRead() throws {
    for name in ["objects-32", "objects-64"] {
      let configuration = try recipe("nano/\(name)")
      #expect(configuration.task == .naming && "objects-\(configuration.namedSide)" == name)
    }
    var (a, b, c) = try (recipe("nano/a"), recipe("nano/b"), recipe("nano/c"))
    #expect(a.network.sizes?.head.fusion == false && b.network.sizes?.head.fusion == true)
    a.network.sizes?.head.fusion = true
    #expect(a == b)
    #expect(c.data.training.map(\.data.scenes?.view) == [.detection, .grounding])
    var d = try recipe("nano/d")
    #expect(d.data.training.map(\.data.name) == c.data.training.map(\.data.name) + ["labelled captions"])
    c.data.training = b.data.training
    d.data.training = b.data.training
    #expect(b == c && c == d)
  }

  @Test func aPlateauLowersRatesAndEndsTheRun() throws {
    var progress = Plateau.Progress()
    let rule = Plateau(patience: 1, stopPatience: 3)
    #expect(progress.note(0.3, rule) == .better)
    #expect(progress.note(0.3, rule) == .better && progress.steps == 0)
    #expect(progress.note(0.2, rule) == .same && progress.steps == 1)
    #expect(progress.note(0.31, rule) == .better && progress.steps == 1)
    #expect(progress.note(0.1, rule) == .same)
    #expect(progress.note(0.2, rule) == .same && progress.steps == 2)
    #expect(progress.note(0.3, rule) == .stop)
    #expect(progress.best == 0.31)
  }
}
