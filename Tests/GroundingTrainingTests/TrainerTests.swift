import Checkpoints
import Foundation
import GLIP
import GroundingData
import GroundingTraining
import RunLog
import Testing
import Torch

extension GeneratorTests {
  /// What a run promises, on a network of every part of GLIP in small.
  @Suite struct TrainerTests {
    @Test(arguments: [false, true])
    func aResumedRunEqualsOneThatWasNotInterrupted(withOptionalTerms: Bool) throws {
      let run = try SmallRun()
      run.configuration.optimization.average = 0.9
      if withOptionalTerms { run.configuration.loss = SmallRun.allTerms }
      #expect(try run.train("whole") == .finished)
      for steps in [1, 4] {
        let name = "parts \(steps)"
        #expect(try run.train(name, steps: steps) == .interrupted)
        #expect(try run.train(name, isResuming: true) == .finished)
        let (whole, parts) = (try run.arrays("whole"), try run.arrays(name))
        #expect(whole.keys.contains("generator.0") && whole.keys.contains { $0.hasPrefix("average.") })
        #expect(whole.keys.contains { $0.hasSuffix(".exp_avg") })
        #expect(whole.keys == parts.keys && whole.keys.filter { whole[$0] != parts[$0] } == [])
        let rows = try MetricsRow.all(of: run.results(name).appending(path: "metrics.jsonl"))
        #expect(rows.map(\.step) == Array(1...6))
      }
    }

    @Test func trainingFindsWhatItWasShown() throws {
      let run = try SmallRun()
      run.configuration.network.sizes = SmallRun.network.withoutDropout
      run.configuration.optimization.steps = 120
      run.configuration.optimization.rates.learningRate = 2e-3
      run.configuration.optimization.rates.languageLearningRate = 2e-3
      run.configuration.validation.data = run.configuration.data.training[0].data
      run.configuration.validation.shortSide = 64
      run.configuration.validation.longestSide = 96
      run.configuration.validation.every = 60
      try run.train()
      let rows = try MetricsRow.all(of: run.results("results").appending(path: "metrics.jsonl"))
      let losses = rows.compactMap { $0.numbers["loss/total"] }
      #expect(losses.count == 120)
      let first = losses.prefix(10).reduce(0, +)
      let last = losses.suffix(10).reduce(0, +)
      #expect(last < first / 2)
      let validations = rows.compactMap { $0.numbers["validation/AP50"] }
      #expect(validations.count == 2)
      #expect(try #require(validations.last) > 0.5)
      // What is left can be used.
      for name in ["last", "best"] {
        let detector = try Detector(checkpoint: run.results("results").appending(path: "\(name).safetensors"))
        #expect(detector.unknownParameters.isEmpty)
      }
      let plots = try FileManager.default.contentsOfDirectory(atPath: run.results("results/plots").path)
      #expect(Set(["loss.png", "validation.png"]).isSubset(of: plots))
    }

    @Test func hiddenWordsAreRestored() throws {
      let run = try SmallRun()
      run.configuration.network.sizes = SmallRun.network.withoutDropout
      run.configuration.optimization.steps = 80
      run.configuration.optimization.rates.learningRate = 2e-3
      run.configuration.loss.maskedLanguageWeight = 1
      try run.train()
      let rows = try MetricsRow.all(of: run.results("results").appending(path: "metrics.jsonl"))
      let terms = rows.compactMap { $0.numbers["loss/masked_language"] }
      #expect(terms.count == 80)
      // Where no word is asked for the term is 0.
      func mean(_ terms: some Sequence<Double>) -> Double {
        let asked = terms.filter { $0 > 0 }
        return asked.reduce(0, +) / Double(asked.count)
      }
      // It begins with a guess among all words, and ends with one among a few.
      #expect(abs(mean(terms.prefix(5)) - log(30_522)) < 1)
      #expect(mean(terms.suffix(20)) < mean(terms.prefix(20)) / 2)
    }

    @Test func theNetworkSeesHiddenWords() throws {
      let run = try SmallRun()
      run.configuration.network.sizes = SmallRun.network.withoutDropout
      run.configuration.optimization.rates.learningRate = 0
      run.configuration.optimization.rates.languageLearningRate = 0
      func alignment(_ name: String) throws -> [Double] {
        try run.train(name)
        return try MetricsRow.all(of: run.results(name).appending(path: "metrics.jsonl"))
          .compactMap { $0.numbers["loss/alignment"] }
      }
      let plain = try alignment("plain")
      run.configuration.loss.maskedLanguageWeight = 1
      let masked = try alignment("masked")
      #expect(zip(plain, masked).count { $0 != $1 } >= 4)
      run.configuration.data.training[0].hidesWords = false
      #expect(try alignment("not to be hidden") == plain)
    }

    @Test(arguments: [nil, 0.5])
    func validationMeasuresTheNetworkAsItIs(average: Double?) throws {
      let run = try SmallRun()
      run.configuration.optimization.average = average
      run.configuration.loss.maskedLanguageWeight = 1
      run.configuration.optimization.steps = 40
      run.configuration.optimization.rates.learningRate = 2e-3
      run.configuration.validation.data = run.configuration.data.training[0].data
      run.configuration.validation.shortSide = 64
      run.configuration.validation.longestSide = 96
      run.configuration.validation.every = 10
      try run.train()
      let rows = try MetricsRow.all(of: run.results("results").appending(path: "metrics.jsonl"))
      let last = try #require(rows.last { $0.numbers["validation/AP"] != nil }?.numbers)
      // The same network from its file, measured anew: a run of no effect.
      run.configuration.network.checkpoint = run.results("results").appending(path: "last.safetensors").path
      run.configuration.network.sizes = nil
      run.configuration.optimization.average = nil
      run.configuration.optimization.steps = 1
      run.configuration.optimization.rates.learningRate = 0
      run.configuration.optimization.rates.languageLearningRate = 0
      try run.train("again")
      let again = try MetricsRow.all(of: run.results("again").appending(path: "metrics.jsonl"))
      let measured = try #require(again.last { $0.numbers["validation/AP"] != nil }?.numbers)
      for (name, value) in last where name.hasPrefix("validation/") {
        #expect(measured[name] == value, "\(name)")
      }
    }

    @Test func partsOfAStepAddUpToTheWhole() throws {
      let run = try SmallRun()
      run.configuration.network.sizes = SmallRun.network.withoutDropout
      run.configuration.optimization.steps = 1
      for recomputes in [false, true] {
        run.configuration.optimization.recomputes = recomputes
        try run.train("recomputes \(recomputes)")
      }
      // Keeping or recomputing what is between does not change a bit.
      #expect(try run.arrays("recomputes false") == run.arrays("recomputes true"))
      run.configuration.optimization.accumulate = 2
      #expect(try run.train("accumulated") == .finished)
    }

    @Test(arguments: [TrainingPrecision.bfloat16, .float16])
    func halfPrecisionTrains(precision: TrainingPrecision) throws {
      let run = try SmallRun()
      run.configuration.optimization.precision = precision
      run.configuration.optimization.steps = 3
      run.configuration.loss = SmallRun.allTerms
      #expect(try run.train() == .finished)
      let rows = try MetricsRow.all(of: run.results("results").appending(path: "metrics.jsonl"))
      #expect(rows.allSatisfy { $0.numbers["loss/total"]?.isFinite == true })
      // float32 is what is kept.
      let checkpoint = try Checkpoint(opening: run.results("results").appending(path: "last.safetensors"))
      #expect(checkpoint.entries.allSatisfy { $0.type == .float32 })
    }

    @Test func aGradientThatIsNoNumberEndsTheRunAndNamesItsRecords() throws {
      let run = try SmallRun()
      run.configuration.optimization.rates.learningRate = 1e30
      run.configuration.optimization.warmUpSteps = 0
      let error = try #require(throws: ConfigurationError.self) { try run.train() }
      #expect(error.description.contains("not finite") && error.description.contains("non-finite-0.json"))
      let report = try Data(contentsOf: run.results("results").appending(path: "non-finite-0.json"))
      let object = try #require(JSONSerialization.jsonObject(with: report) as? [String: Any])
      #expect((object["records"] as? [String])?.count == 4)
    }

    @Test(arguments: FineTuning.allCases)
    func fineTuningTrainsItsPartAlone(mode: FineTuning) throws {
      let run = try SmallRun()
      run.configuration.optimization.steps = 1
      run.configuration.optimization.warmUpSteps = 0
      try run.train("start")
      run.configuration.network.checkpoint = run.results("start").appending(path: "last.safetensors").path
      run.configuration.network.sizes = nil
      run.configuration.tuning.mode = mode
      run.configuration.optimization.steps = 2
      try run.train("tuned")
      let (before, after) = (
        try run.arrays("start", "last.safetensors"), try run.arrays("tuned", "last.safetensors")
      )
      let changed = Set(after.keys.filter { after[$0] != before[$0] })
      switch mode {
      case .full:
        #expect(changed.allSatisfy { !PathSet(mode.frozen).contains($0) && !PathSet.unused.contains($0) })
        #expect(changed.contains("backbone.body.layers.1.blocks.0.mlp.fc1.weight"))
        #expect(changed.contains("language_backbone.body.model.embeddings.word_embeddings.weight"))
      case .linear:
        #expect(
          changed == [
            "rpn.head.bbox_pred.weight", "rpn.head.bbox_pred.bias", "rpn.head.centerness.weight",
            "rpn.head.centerness.bias", "rpn.head.dot_product_projection_text.weight",
            "rpn.head.dot_product_projection_text.bias", "rpn.head.log_scale", "rpn.head.bias_lang",
            "rpn.head.bias0",
          ])
      case .language:
        #expect(!changed.isEmpty && changed.allSatisfy { $0.hasPrefix("language_backbone.") })
      case .prompt:
        #expect(changed == ["rpn.tunable_linear.weight"])
      }
      // Whatever was tuned can be loaded again.
      #expect(
        try Detector(checkpoint: run.results("tuned").appending(path: "last.safetensors")).unknownParameters
          == [])
    }

    @Test func aRunBeginsWithTheEncodersOfAWholeNetwork() throws {
      let run = try SmallRun()
      try run.train("first", steps: 1)
      let first = run.results("first/last.safetensors")
      run.configuration.network.backbone = first.path
      run.configuration.network.language = first.path
      run.configuration.network.sizes?.head.fusion = false
      run.configuration.tuning.frozen = ["backbone.body", "language_backbone"]
      run.configuration.seed = 8
      try run.train("second", steps: 1)
      let (old, new) = (
        try Checkpoint(opening: first), try Checkpoint(opening: run.results("second/last.safetensors"))
      )
      func isSame(_ name: String) throws -> Bool {
        try Tensor(named: name, in: old).elements(Float.self)
          == Tensor(named: name, in: new).elements(Float.self)
      }
      let encoders = new.entries.map(\.name).filter {
        $0.hasPrefix("backbone.body.") || $0.hasPrefix("language_backbone.")
      }
      #expect(encoders.count > 100)
      for name in encoders { #expect(try isSame(name), "\(name)") }
      #expect(try !isSame("rpn.head.bbox_pred.weight"))
    }

    @Test func aRunDoesNotOverwriteAnother() throws {
      let run = try SmallRun()
      run.configuration.optimization.steps = 1
      try run.train()
      #expect(throws: RunLogError.self) { try run.train() }
      #expect(throws: RunLogError.self) { try run.train("elsewhere", isResuming: true) }
    }

    @Test func validationMayEndARun() throws {
      let run = try SmallRun()
      run.configuration.optimization.steps = 50
      run.configuration.optimization.rates.learningRate = 0
      run.configuration.optimization.rates.languageLearningRate = 0
      run.configuration.optimization.rates.weightDecay = 0
      run.configuration.optimization.plateau = Plateau(patience: 0, stopPatience: 1)
      run.configuration.validation.data = run.configuration.data.training[0].data
      run.configuration.validation.shortSide = 32
      run.configuration.validation.every = 1
      // Nothing changes, and no result is below the best.
      #expect(try run.train() == .finished)
    }
  }
}
