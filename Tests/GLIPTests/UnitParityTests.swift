import Checkpoints
import Foundation
import GLIP
import Testing
import Torch

/// Small pieces against values recorded from the authors' code.
struct UnitParityTests {
  private func recorded(_ name: String) throws -> Checkpoint {
    try Checkpoint(opening: Golden.fixtures.appendingPathComponent("units/\(name).safetensors"))
  }

  private func boxes(_ name: String, in file: Checkpoint) throws -> [SIMD4<Float>] {
    let values = try Tensor(named: name, in: file).elements(Float.self)
    return stride(from: 0, to: values.count, by: 4).map {
      SIMD4(values[$0], values[$0 + 1], values[$0 + 2], values[$0 + 3])
    }
  }

  @Test("boxes are decoded from anchors as recorded, growth limited")
  func boxCoder() throws {
    let file = try recorded("box_coder")
    let expected = try boxes("decoded", in: file)
    let anchors = try boxes("anchors", in: file)
    for (index, deltas) in try boxes("raw", in: file).enumerated() {
      let anchor = anchors[index]
      let decoded = BoxCoder.decode(deltas, anchor: (anchor.x, anchor.y, anchor.z, anchor.w))
      for corner in 0..<4 {
        let wanted = expected[index][corner]
        #expect(Swift.abs(decoded[corner] - wanted) <= 1e-5 * Swift.max(1, Swift.abs(wanted)))
      }
    }
  }

  @Test("suppression keeps the recorded boxes, sides counted inclusively")
  func suppression() throws {
    let file = try recorded("ml_nms")
    let scores = try Tensor(named: "scores", in: file).elements(Float.self)
    let labels = try Tensor(named: "labels", in: file).elements(Int64.self)
    let candidates = try boxes("boxes", in: file).enumerated().map {
      // The phrase marks which of the recorded boxes it is.
      Candidate(phrase: $0.offset, label: Int(labels[$0.offset]), score: scores[$0.offset], box: $0.element)
    }
    let threshold = try Float(Tensor(named: "thr", in: file).item())
    let kept = PostProcessing.suppress(candidates, threshold: threshold)
    let recordedKeep = try Tensor(named: "keep", in: file).elements(Int64.self).map { Int($0) }
    #expect(kept.map { $0.phrase }.sorted() == recordedKeep.sorted())
    #expect(zip(kept, kept.dropFirst()).allSatisfy { $0.score >= $1.score })
  }

  @Test("sizes are rounded as recorded")
  func resizing() throws {
    struct Rows: Decodable { let rows: [[Int]] }
    let url = Golden.fixtures.appendingPathComponent("units/resize_sizes.json")
    let rows = try JSONDecoder().decode(Rows.self, from: Data(contentsOf: url)).rows
    #expect(rows.count > 10)
    for row in rows {
      let size = ResizeRule(minimumSide: row[2], maximumSide: row[3]).size(width: row[0], height: row[1])
      #expect(size.width == row[4] && size.height == row[5], "\(row)")
    }
  }

  @Test("the dynamic activation gives the recorded values")
  func dynamicReLU() throws {
    struct Recorded: ParameterSource {
      let file: Checkpoint
      func parameter(_ name: String, shape: [Int], initial: Initializer) throws -> Tensor {
        try Tensor(named: name.replacing(".", with: "_"), in: file)
      }
    }
    let file = try recorded("dyrelu")
    let layer = try DynamicReLU(Parameters(from: Recorded(file: file)).root, channels: 16)
    let error = try layer(Tensor(named: "x", in: file)).error(from: Tensor(named: "y", in: file))
    #expect(error < 1e-6)
  }

  @Test("anchors are the published ones")
  func anchors() {
    let cells = Anchors.strides.indices.map { Anchors.cell(level: $0) }
    #expect(cells.map { $0.0 } == [-28, -56, -112, -224, -448] as [Float])
    #expect(cells.map { $0.3 } == [35, 71, 143, 287, 575] as [Float])
  }

  @Test(
    "the computed weights follow the recorded recipe",
    .enabled(if: Golden.isComplete, "the full recorded arrays are not beside this checkout"),
    arguments: [Preset.glipTA, .glipTB, .glipTC, .glipL])
  func recipe(preset: Preset) throws {
    struct Table: Decodable {
      struct Entry: Decodable {
        let name: String
        let shape: [Int]
        let mean: Double
        let std: Double
      }
      let entries: [Entry]
    }
    let url = try #require(Golden.all)
      .appendingPathComponent("params_\(preset.rawValue.replacing("-", with: "_")).json")
    let table = try JSONDecoder().decode(Table.self, from: Data(contentsOf: url)).entries
    let weights = DemonstrationWeights(preset.configuration)
    for entry in table {
      let recipe = weights.recipe(entry.name, shape: entry.shape)
      #expect(abs(recipe.mean - entry.mean) < 1e-5, "\(entry.name)")
      #expect(abs(recipe.deviation - entry.std) <= 1e-9 * entry.std, "\(entry.name)")
    }
    // Every name and shape of the network is in the table, and the other way round.
    let survey = ShapeSurvey()
    _ = try GLIPModel(Parameters(from: survey).root, preset.configuration)
    let wanted = Dictionary(uniqueKeysWithValues: table.map { ($0.name, $0.shape) })
    #expect(survey.shapes == wanted)
  }
}

/// Notes the shapes that a network asks for.
final class ShapeSurvey: ParameterSource, @unchecked Sendable {
  private(set) var shapes: [String: [Int]] = [:]

  func parameter(_ name: String, shape: [Int], initial: Initializer) throws -> Tensor {
    shapes[name] = shape
    return try Tensor.zeros([1]).expanded(shape)
  }
}
