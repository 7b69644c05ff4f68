import Foundation
import GLIP
import GroundingData
import Testing
import Torch

extension GeneratorTests {
  /// Layers that drop at random.
  @Suite struct RegularizationTests {
    private let scope = Parameters(from: DemonstrationWeights(Networks.tiny)).root / "here" / "layer"

    private func shareOfZeros(_ x: Tensor) throws -> Double {
      1 - (try (x.absolute() > 0).to(.float64).sum().item()) / Double(x.count)
    }

    @Test func nothingIsDroppedOutsideOfTraining() throws {
      let x = try Tensor.full([4, 2, 8, 8], 1)
      let layers: [(Tensor) throws -> Tensor] = [
        Dropout(scope, rate: 0.5).callAsFunction, DropPath(scope, rate: 0.5).callAsFunction,
        DropBlock(scope, rate: 0.5).callAsFunction,
      ]
      for layer in layers {
        #expect(try layer(x) === x)
        for part in ["here", "here.layer", ""] {
          #expect(try Regularization(except: [part]).running { try layer(x) } === x)
        }
        for part in ["her", "here.lay", "here.layer.0"] {
          #expect(try Regularization(except: [part]).running { try layer(x) } !== x)
        }
      }
    }

    @Test func elementsAreDroppedAtTheRateAndTheMeanStays() throws {
      try Runtime.seed(1)
      let y = try Regularization().running { try Dropout(scope, rate: 0.1)(Tensor.full([400, 500], 1)) }
      #expect(try abs(shareOfZeros(y) - 0.1) < 0.005)
      #expect(try abs(y.mean([0, 1]).item() - 1) < 0.005)
      #expect(try abs(y.maximum([0, 1]).item() - 1 / 0.9) < 1e-6)
    }

    @Test func pathsAreDroppedSampleBySample() throws {
      try Runtime.seed(2)
      let y = try Regularization().running { try DropPath(scope, rate: 0.4)(Tensor.full([5000, 3, 2], 1)) }
      let samples = try y.flattened(from: 1)
      #expect(
        try samples.maximum([1]).elements(Float.self) == (-((-samples).maximum([1]))).elements(Float.self))
      #expect(try abs(shareOfZeros(y) - 0.4) < 0.03)
      #expect(try abs(y.maximum([0, 1, 2]).item() - 1 / 0.6) < 1e-6)
    }

    @Test func blocksAreSquaresInAllChannels() throws {
      try Runtime.seed(3)
      let y = try Regularization().running {
        try DropBlock(scope, rate: 0.3)(Tensor.full([3, 2, 90, 120], 1))
      }
      // Squares overlap, and are cut at the edge.
      let zeros = try shareOfZeros(y)
      #expect(abs(zeros - (1 - pow(1 - 0.3 / 9, 9))) < 0.02)
      #expect(try abs(y.mean([0, 1, 2, 3]).item() - 1) < 1e-4)
      let channels = try (y.selected(1, 0), y.selected(1, 1))
      #expect(try channels.0.elements(Float.self) == channels.1.elements(Float.self))
      let map = try channels.0.elements(Float.self)
      func isZero(_ picture: Int, _ row: Int, _ column: Int) -> Bool {
        (0..<90).contains(row) && (0..<120).contains(column)
          ? map[(picture * 90 + row) * 120 + column] == 0 : true
      }
      for picture in 0..<3 {
        for row in 0..<90 {
          for column in 0..<120 where isZero(picture, row, column) {
            let middles = (row - 1...row + 1).flatMap { y in (column - 1...column + 1).map { (y, $0) } }
            let square = middles.contains { y, x in
              (y - 1...y + 1).allSatisfy { y in (x - 1...x + 1).allSatisfy { isZero(picture, y, $0) } }
            }
            #expect(square, "the zero at \(row), \(column) lies in no square")
          }
        }
      }
    }

    @Test func aSeedRepeatsTheNetworkAndRatesOfZeroAreEvaluation() throws {
      let batch = try Batch.small()
      let (model, _) = try Networks.trainable(Networks.tiny)
      func run(_ model: GLIPModel, seed: UInt64) throws -> [Float] {
        try Runtime.seed(seed)
        return try Regularization().running {
          try model(batch.pixels, prompts: batch.prompts).predictions[1].logits.elements(Float.self)
        }
      }
      let evaluated = try model(batch.pixels, prompts: batch.prompts).predictions[1].logits.elements(
        Float.self)
      let (one, again, other) = try (run(model, seed: 4), run(model, seed: 4), run(model, seed: 5))
      #expect(one == again && one != other && one != evaluated)

      #expect(try run(Networks.trainable(Networks.tiny.withoutDropout).model, seed: 4) == evaluated)
    }

    /// With one head and one picture both forms draw the same numbers in the same order.
    @Test func theFusionDropsProbabilitiesAsTheTextbookFormDoes() throws {
      let head = HeadConfiguration(
        channels: 16, blocks: 1, fusion: true, fusionHeads: 1, fusionWidth: 24, fusionDropout: 0.3)
      let parameters = Parameters(from: DemonstrationWeights(Networks.tiny))
      let fusion = try DeepFusion(parameters.root / "0", head: head, languageWidth: 20)
      let weights = Dictionary(uniqueKeysWithValues: parameters.all.map { ($0.name, $0.tensor) })
      let visual = try Tensor.randomNormal([1, 50, 16], generator: Generator(seed: 1))
      let language = try Tensor.randomNormal([1, 6, 20], generator: Generator(seed: 2))

      func linear(_ name: String, _ x: Tensor) throws -> Tensor {
        let (weight, bias) = (weights["0.b_attn.\(name).weight"], weights["0.b_attn.\(name).bias"])
        return try x.matmul(#require(weight).transposed(0, 1)) + #require(bias)
      }
      func norm(_ name: String, _ x: Tensor) throws -> Tensor {
        let centered = try x - x.mean([-1], keepingRank: true)
        let unit = try centered / ((centered * centered).mean([-1], keepingRank: true) + 1e-5).squareRoot()
        return try unit * #require(weights["0.b_attn.\(name).weight"])
          + #require(weights["0.b_attn.\(name).bias"])
      }
      let dropout = Dropout(scope, rate: 0.3)
      func textbook() throws -> (visual: Tensor, language: Tensor) {
        let (v, l) = try (norm("layer_norm_v", visual), norm("layer_norm_l", language))
        let key = try linear("attn.l_proj", l).transposed(1, 2)
        let scores = try linear("attn.v_proj", v).matmul(key) / 24.0.squareRoot()
        let toWords = try dropout(scores.softmax(2))
        let toPicture = try dropout(scores.softmax(1))
        let read = try linear("attn.out_v_proj", toWords.matmul(linear("attn.values_l_proj", l)))
        let seen = try linear(
          "attn.out_l_proj", toPicture.transposed(1, 2).matmul(linear("attn.values_v_proj", v)))
        return (
          try v + #require(weights["0.b_attn.gamma_v"]) * read,
          try l + #require(weights["0.b_attn.gamma_l"]) * seen
        )
      }
      for training in [false, true] {
        func run<Result>(_ body: () throws -> Result) throws -> Result {
          try Runtime.seed(7)
          return try training ? Regularization().running(body) : body()
        }
        let fused = try run { try fusion(visual: visual, language: language, padding: nil) }
        let expected = try run(textbook)
        #expect(try fused.visual.error(from: expected.visual) < 1e-5)
        #expect(try fused.language.error(from: expected.language) < 1e-5)
      }
    }
  }
}
