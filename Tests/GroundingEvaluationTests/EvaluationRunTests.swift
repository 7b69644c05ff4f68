import Foundation
import GLIP
import GroundingData
import GroundingEvaluation
import Pictures
import Testing

/// A pass over a data set, with a detector that knows what it finds.
struct EvaluationRunTests {
  private let folder: URL
  private static let side = 64

  init() throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "glip-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  /// Pictures 5 and 4, each with a cat of 20 x 20 pixels.
  private func data(_ benchmark: Benchmark, classes: [ObjectClass]? = nil) throws -> EvaluationData {
    let picture = Picture(
      width: Self.side, height: Self.side, pixels: [UInt8](repeating: 9, count: 3 * Self.side * Self.side))
    for name in ["a.png", "b.png"] { try picture.write(to: folder.appending(path: name)) }
    try Data(
      """
      {"images": [{"id": 5, "file_name": "a.png", "width": 64, "height": 64},
                  {"id": 4, "file_name": "b.png", "width": 64, "height": 64}],
       "categories": [{"id": 8, "name": "dog", "frequency": "c"}, {"id": 2, "name": "cat", "frequency": "f"}],
       "annotations": [{"id": 1, "image_id": 5, "category_id": 2, "bbox": [10, 10, 20, 20], "area": 400, "iscrowd": 0},
                       {"id": 2, "image_id": 4, "category_id": 2, "bbox": [10, 10, 20, 20], "area": 400, "iscrowd": 0}]}
      """.utf8
    ).write(to: folder.appending(path: "data.json"))
    let format: DatasetDescription.Format? = classes == nil ? nil : .coco
    return try EvaluationData(
      DatasetDescription(annotations: "data.json", format: format, classes: classes), as: benchmark,
      relativeTo: folder)
  }

  /// Finds a cat by its first and last pixel.
  private struct Finder: PictureDetecting {
    func detect(_ picture: Picture, _ prompt: Prompt) throws -> [Detection] {
      guard case .classes(let classes) = prompt, let index = classes.firstIndex(where: { $0.name == "cat" })
      else {
        return []
      }
      return [
        Detection(
          label: "cat", labelIndex: index, span: 0..<3, score: 0.9,
          box: PixelBox(x0: 10, y0: 10, x1: 29, y1: 29))
      ]
    }
  }

  private func figures(_ data: EvaluationData, results: URL? = nil) throws -> EvaluationFigures {
    let run = try EvaluationRun(data, settings: ["network": "finder"], results: results)
    var told: [Int] = []
    #expect(try run.run(Finder(), progress: { done, count in told += [done, count] }) == .finished)
    #expect(told == [1, 2, 2, 2])
    return try EvaluationFigures(run.found(), on: data)
  }

  @Test func theLastPixelCountsForSomeBenchmarksOnly() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    func value(_ benchmark: Benchmark) throws -> Double {
      try #require(try figures(data(benchmark)).figures[0].value)
    }
    #expect(abs(try value(.coco) - 1) < 1e-9)
    #expect(try value(.voc) == 1 && value(.voc07) == 1)
    // 19 x 19 of 20 x 20 pixels are 0.9025: enough at 9 of 10 overlaps.
    #expect(abs(try value(.lvis) - 0.9) < 1e-9)
    #expect(abs(try value(.lvisFixed) - 0.9) < 1e-9)
  }

  @Test func picturesAndClassesAreInTheOrderOfTheirIds() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let data = try data(.coco)
    #expect(data.groundTruth.images.map(\.id) == [4, 5] && data.imageIndices == [1, 0])
    #expect(data.classPrompts.map(\.name) == ["cat", "dog"])
    guard case .boxes(let boxes) = try found(data) else { throw CancellationError() }
    #expect(boxes.map(\.imageIndex) == [0, 1] && boxes.allSatisfy { $0.classIndex == 0 })
    let figures = try figures(data)
    #expect(figures.classes.map(\.objectCount) == [2, 0] && figures.classes[1].figures[0].value == nil)
  }

  @Test func classesMayHaveOtherNames() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let data = try data(.coco, classes: [ObjectClass(id: 8, name: "cat"), ObjectClass(id: 2, name: "hound")])
    #expect(data.groundTruth.classes.map(\.name) == ["hound", "cat"])
    // The finder takes the dogs for cats, of which there is none.
    #expect(try figures(data).figures[0].value == 0)
    #expect(throws: EvaluationError.self) { try self.data(.coco, classes: [ObjectClass(id: 3, name: "cat")]) }
  }

  @Test func aPassIsStoppedAndResumed() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let data = try data(.coco)
    let results = folder.appending(path: "out")
    let settings = ["network": "finder"]
    let begun = try EvaluationRun(data, settings: settings, results: results)
    var looks = 0
    let ending = try begun.run(
      Finder(),
      shouldStop: {
        looks += 1
        return looks > 1
      })
    #expect(ending == .interrupted)
    #expect(throws: EvaluationError.self) { try begun.found() }
    #expect(throws: EvaluationError.self) { try EvaluationRun(data, settings: settings, results: results) }
    #expect(throws: EvaluationError.self) {
      try EvaluationRun(data, settings: ["network": "other"], results: results, isResuming: true)
    }
    // The one that has begun holds its file.
    #expect(throws: (any Error).self) {
      try withExtendedLifetime(begun) {
        try EvaluationRun(data, settings: settings, results: results, isResuming: true)
      }
    }
  }

  private func found(_ data: EvaluationData) throws -> FoundObjects {
    let run = try EvaluationRun(data, settings: [:], results: nil)
    _ = try run.run(Finder())
    return try run.found()
  }
}
