import ArgumentParser
import Foundation
import GLIP
import GroundingData
import GroundingTraining
import Measuring
import PlainGLIP
import Torch

struct TrainingCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "training",
    abstract: "Steps of training GLIP-T, against a straightforward port.",
    discussion: """
      Forward and backward pass, clipping and AdamW in float32, on generated pictures with COCO's names as their prompt. \
      The contestants share parameters and optimizer, and alternate. Memory is the most that the process holds during a step.
      """)

  @OptionGroup var common: CommonOptions

  @Option(help: ArgumentHelp("Shorter side of the pictures.", valueName: "pixels"))
  var side = 480

  @Option(help: ArgumentHelp("Pictures of a step.", valueName: "count"))
  var batch = 2

  func run() throws {
    let configuration = Preset.glipTC.configuration
    let source = try TrainableParameters(FreshParameters(seed: 1), frozen: .unused)
    let parameters = Parameters(from: source)
    let model = try GLIPModel(parameters.root, configuration)
    let plain = PlainModel(Weights(parameters), configuration)
    let groups = parameters.groups(ParameterRules())
    let tensors = groups.map(\.tensor)
    let optimizer = AdamW(
      groups.map { .init($0.name, $0.tensor, learningRate: 1e-6, weightDecay: $0.weightDecay) })
    let (height, width) = (side / 32 * 32, side * 4 / 3 / 32 * 32)
    let pixels = try Tensor.randomNormal([batch, 3, height, width], generator: Generator(seed: 2))
    let prompt = try PromptEncoder(tokenizer: .bertUncased()).encode(Names.coco)[0].ids
    let targets = PictureTargets(
      boxes: [CornerBox(x0: 20, y0: 30, x1: 180, y1: 200), CornerBox(x0: 200, y0: 50, x1: 390, y1: 330)],
      tokens: [[1..<2], [19..<21]])
    let loss = GroundingLoss()
    let data = Batch(
      pixels: pixels, sizes: Array(repeating: Record.Size(width: width, height: height), count: batch),
      prompts: Array(repeating: prompt, count: batch), targets: Array(repeating: targets, count: batch),
      ids: (1...batch).map(String.init))

    func step(_ predict: () throws -> [LevelPrediction]) throws {
      let predictions = try predict()
      try loss(predictions, AssignedTargets(data, length: predictions[0].logits.size(2))).total.backward()
      try Gradients.clip(tensors, toNorm: 1)
      try optimizer.step()
      try Gradients.clear(tensors)
    }
    func fast(recomputing: Bool) throws {
      try ActivationCheckpointing.$isOn.withValue(recomputing) {
        try step { try model(pixels, prompts: data.prompts).predictions }
      }
    }
    let contestants: [(name: String, run: () throws -> Void)] = [
      ("plain port", { try step { try plain(pixels, prompts: data.prompts) } }),
      ("GLIP", { try fast(recomputing: false) }),
      ("GLIP, recomputing", { try fast(recomputing: true) }),
    ]
    var peaks = [Int](repeating: 0, count: contestants.count)
    note("Measuring steps of \(batch) pictures of \(width) x \(height) pixels, \(prompt.count) tokens")
    let timings = try alternating(
      runs: common.runs,
      contestants.enumerated().map { index, contestant in
        {
          _ = Machine.resetPeak()
          try contestant.run()
          peaks[index] = max(peaks[index], Machine.peakBytes ?? 0)
        }
      })
    let rows = zip(contestants, zip(timings, peaks)).map { contestant, measured in
      Row(
        name: contestant.name, seconds: measured.0.seconds,
        samplesPerSecond: Double(batch) / measured.0.median,
        timesAsFast: timings[0].median / measured.0.median, peakBytes: measured.1)
    }
    try common.report(rows, [Row.table(rows)])
  }
}

private struct Row: Encodable {
  let name: String
  /// Of every run, shortest first.
  let seconds: [Double]
  let samplesPerSecond, timesAsFast: Double
  let peakBytes: Int

  static func table(_ rows: [Row]) -> String {
    Measuring.table(
      [["a step", "median s", "samples/s", "times as fast", "peak MB"]]
        + rows.map {
          [
            $0.name, number($0.seconds[$0.seconds.count / 2], 3), number($0.samplesPerSecond, 3),
            number($0.timesAsFast, 2), "\($0.peakBytes / 1_000_000)",
          ]
        })
  }
}
