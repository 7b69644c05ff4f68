import Checkpoints
import Foundation
import GLIP
import GroundingData
import GroundingTraining
import RunLog
import Testing
import Torch

extension GeneratorTests {
  /// The picture encoder's first lesson.
  @Suite struct NamingTests {
    private func naming() throws -> SmallRun {
      let run = try SmallRun()
      run.configuration.task = .naming
      run.configuration.network.sizes = SmallRun.network.withoutDropout
      run.configuration.validation.data = run.configuration.data.training[0].data
      run.configuration.validation.shortSide = 64
      run.configuration.validation.longestSide = 96
      return run
    }

    @Test func anEncoderLearnsToNameWhatItIsShown() throws {
      let run = try naming()
      run.configuration.optimization.steps = 60
      run.configuration.optimization.rates.learningRate = 1e-3
      run.configuration.validation.every = 30
      #expect(try run.train() == .finished)
      let rows = try MetricsRow.all(of: run.results("results").appending(path: "metrics.jsonl"))
      let accuracies = rows.compactMap { $0.numbers["validation/accuracy"] }
      #expect(accuracies.count == 2 && accuracies.last == 1)
      let losses = rows.compactMap { $0.numbers["loss/total"] }
      let (first, last) = (losses.prefix(5).reduce(0, +), losses.suffix(5).reduce(0, +))
      #expect(last < first / 2)

      // The encoder alone has changed, and another run may begin with it.
      run.configuration.optimization.steps = 1
      run.configuration.validation.data = nil
      try run.train("short")
      let (short, long) = try (
        Checkpoint(opening: run.results("short/last.safetensors")),
        Checkpoint(opening: run.results("results/last.safetensors"))
      )
      for entry in long.entries where !entry.name.hasPrefix("naming.") {
        let isSame =
          try Tensor(named: entry.name, in: short).elements(Float.self)
          == Tensor(named: entry.name, in: long).elements(Float.self)
        let isEncoders = entry.name.hasPrefix("backbone.body.")
        if !isEncoders { #expect(isSame, "\(entry.name)") }
        if entry.name.hasSuffix("qkv.weight"), isEncoders { #expect(!isSame, "\(entry.name)") }
      }
      run.configuration.task = .grounding
      run.configuration.network.backbone = run.results("results/last.safetensors").path
      #expect(try run.train("after") == .finished)
    }

    @Test(arguments: [TrainingConfiguration.NamingPart.head, .places])
    func aHeadLearnsToNameAndOtherNetworksBeginWithIt(part: TrainingConfiguration.NamingPart) throws {
      let run = try naming()
      run.configuration.namedBy = part
      run.configuration.optimization.steps = 60
      run.configuration.optimization.rates.learningRate = 1e-3
      run.configuration.validation.every = 60
      #expect(try run.train() == .finished)
      let rows = try MetricsRow.all(of: run.results("results").appending(path: "metrics.jsonl"))
      #expect(rows.compactMap { $0.numbers["validation/accuracy"] } == [1])

      // One step at a rate of nothing tells where parameters began.
      func beginning(_ name: String, fusion: Bool) throws -> Checkpoint {
        run.configuration.network.sizes?.head.fusion = fusion
        try run.train(name)
        return try Checkpoint(opening: run.results("\(name)/last.safetensors"))
      }
      run.configuration.task = .grounding
      run.configuration.validation.data = nil
      run.configuration.optimization.steps = 1
      run.configuration.optimization.rates.learningRate = 0
      run.configuration.optimization.rates.languageLearningRate = 0
      let taught = try Checkpoint(opening: run.results("results/last.safetensors"))
      let fresh = try beginning("fresh", fusion: true)
      run.configuration.network.head = run.results("results/last.safetensors").path
      let (fused, plain) = try (beginning("fused", fusion: true), beginning("plain", fusion: false))
      func same(_ name: String, _ other: Checkpoint, as theirs: String? = nil) throws -> Bool {
        try Tensor(named: name, in: other).elements(Float.self)
          == Tensor(named: theirs ?? name, in: taught).elements(Float.self)
      }
      let tower = "rpn.head.dyhead_tower"
      let convolution = try #require(
        taught.entries.map(\.name).first { $0.hasPrefix("\(tower).2.") && $0.hasSuffix(".weight") })
      let learnt = [
        convolution, "backbone.fpn.fpn_inner2.weight", "rpn.head.dot_product_projection_text.weight",
      ]
      for name in learnt {
        #expect(try !same(name, fresh), "\(name)")
        #expect(try same(name, fused), "\(name)")
      }
      // Words had no part in it, nor boxes.
      #expect(
        try same("rpn.head.bbox_pred.weight", fresh) && same("\(tower).1.attention.self.query.weight", fresh))
      // A tower without fusion takes the convolutions of one with it.
      let own = convolution.replacing("\(tower).2.", with: "\(tower).0.")
      #expect(try same(own, plain, as: convolution))

      // Where a head comes without them, fusion and BERT layers add nothing at first.
      run.configuration.network.head = run.results("plain/last.safetensors").path
      let quiet = try beginning("quiet", fusion: true)
      for (name, isNothing) in [
        ("0.b_attn.attn.out_v_proj", true), ("0.b_attn.attn.out_l_proj", true), ("1.output.dense", true),
        ("1.intermediate.dense", false),
      ] {
        let numbers = try Tensor(named: "\(tower).\(name).weight", in: quiet).elements(Float.self)
        #expect(numbers.allSatisfy { $0 == 0 } == isNothing, "\(name)")
      }
    }

    @Test func aResumedLessonEqualsOneThatWasNotInterrupted() throws {
      let run = try naming()
      run.configuration.optimization.average = 0.9
      try run.train("whole")
      #expect(try run.train("parts", steps: 2) == .interrupted)
      #expect(try run.train("parts", isResuming: true) == .finished)
      let (whole, parts) = (try run.arrays("whole"), try run.arrays("parts"))
      #expect(whole.keys == parts.keys && whole.keys.filter { whole[$0] != parts[$0] } == [])
    }

    @Test func objectsAreCutOutOfTheirPictures() throws {
      // Two pictures of 100x80, gray but for squares of one value each.
      var pixels = [Float](repeating: 0.5, count: 2 * 3 * 96 * 128)
      let boxes = [[(10, 20, 30, Float(1)), (60, 30, 45, -1)], [(0, 0, 16, 2)]]
      for (picture, squares) in boxes.enumerated() {
        for (x, y, side, value) in squares {
          for channel in 0..<3 {
            for row in y..<y + side {
              let start = ((picture * 3 + channel) * 96 + row) * 128 + x
              for column in 0..<side { pixels[start + column] = value * Float(channel + 1) }
            }
          }
        }
      }
      let batch = Batch(
        pixels: try Tensor(pixels, shape: [2, 3, 96, 128]),
        sizes: [Record.Size(width: 110, height: 80), Record.Size(width: 110, height: 80)], prompts: [[], []],
        targets: boxes.enumerated().map { picture, squares in
          PictureTargets(
            boxes: squares.map { x, y, side, _ in
              CornerBox(x0: Double(x), y0: Double(y), x1: Double(x + side), y1: Double(y + side))
            }, tokens: squares.map { _ in [] }, classes: squares.indices.map { picture * 10 + $0 })
        }, ids: ["a", "b"])
      var generator: SeededGenerator?
      let cutOuts = try CutOuts(batch, side: 64, using: &generator)
      #expect(cutOuts.classes == [0, 1, 10])
      #expect(cutOuts.mosaics.shape == [1, 3, 256, 256])
      let means = try cutOuts.averages(of: cutOuts.mosaics)
      #expect(means.shape == [3, 3])
      let values = try means.elements(Float.self)
      // A margin of a tenth at each side is gray: 1/1.44 of a cut-out is the object, more at the picture's edge.
      for (index, value) in [Float(1), -1].enumerated() {
        for channel in 0..<3 {
          let expected = (value * Float(channel + 1) - 0.5) / 1.44 + 0.5
          #expect(abs(values[index * 3 + channel] - expected) < 0.1)
        }
      }
      #expect(abs(values[6] - (1.5 / 1.21 + 0.5)) < 0.25)
      var moving: SeededGenerator? = SeededGenerator(seed: 1)
      #expect(
        try CutOuts(batch, side: 64, using: &moving).mosaics.elements(Float.self)
          != cutOuts.mosaics.elements(Float.self))
    }

    @Test func withoutObjectsThereIsNothingToLearn() throws {
      let batch = Batch(
        pixels: try Tensor.zeros([1, 3, 64, 64]), sizes: [Record.Size(width: 64, height: 64)], prompts: [[]],
        targets: [PictureTargets(boxes: [], tokens: [])], ids: ["a"])
      var generator: SeededGenerator?
      let cutOuts = try CutOuts(batch, side: 64, using: &generator)
      #expect(cutOuts.classes == [] && cutOuts.mosaics.shape == [1, 3, 256, 256])
      #expect(try cutOuts.averages(of: cutOuts.mosaics).shape == [1, 3])
    }

    @Test func dataWithoutNamesIsRefused() throws {
      let run = try naming()
      run.configuration.data.training.append(run.configuration.data.training[0])
      #expect(throws: ConfigurationError.self) { try run.train("two") }
      let one = try naming()
      let file = one.folder.appending(path: "other.json")
      let text = try String(contentsOf: one.folder.appending(path: "data.json"), encoding: .utf8)
      try text.replacing("red square", with: "red box").write(to: file, atomically: true, encoding: .utf8)
      one.configuration.validation.data?.annotations = file.path
      #expect {
        try one.train("other")
      } throws: { "\($0)".contains("has other classes than the data that is trained on") }
    }
  }
}
