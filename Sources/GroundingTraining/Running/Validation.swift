import Foundation
import GLIP
import GroundingEvaluation
import Pictures
import Torch

/// Average precision on a detection data set, measured as COCO does; the pictures are shared among the processes.
struct Validation: Sendable {
  private let data: EvaluationData
  private let options: DetectionOptions

  init(_ settings: TrainingConfiguration.ValidationSettings) throws {
    guard let description = settings.data else { preconditionFailure("there is a data set") }
    var data = try EvaluationData(description, as: .coco, checkingPictures: false)
    if let prompts = settings.classPrompts {
      guard prompts.count == data.classPrompts.count else {
        throw ConfigurationError(
          "'validation.classPrompts' names \(prompts.count) classes, but \(data.dataset.name) has "
            + "\(data.classPrompts.count)")
      }
      data.classPrompts = prompts
    }
    self.data = data
    var options = data.benchmark.options
    options.resize = settings.resize
    self.options = options
  }

  /// Figures by name, such as `AP50`, from 0 to 1; the same on all processes.
  func callAsFunction(
    _ model: GLIPModel, device: Device, group: ProcessGroup?, progress: (Int, Int) -> Void
  ) throws -> [String: Double] {
    var prompts = PromptEncoder(tokenizer: try .bertUncased())
    // Data sets have classes whose cleaned names are the same, and such without a name.
    (prompts.acceptsRepeatedPhrases, prompts.acceptsBlankNames) = (true, true)
    let detector = EvaluatedDetector(
      try Detector(model: model, device: device, prompts: prompts), options: options)
    let (rank, size) = (group?.rank ?? 0, group?.size ?? 1)
    let count = data.imageIndices.count
    var rows: [Double] = []
    for index in stride(from: rank, to: count, by: size) where data.imageIndices[index] != nil {
      let picture = try data.dataset.record(at: index).picture.load()
      for found in try data.detect(on: picture, at: index, detector) {
        let box = found.box
        rows += [Double(index), Double(found.label), found.score, box.x0, box.y0, box.x1, box.y1]
      }
      progress(index / size + 1, (count + size - 1) / size)
    }
    let found = Dictionary(grouping: try Self.gathered(rows, group)) { Int($0[0]) }
    let objects = FoundObjects(
      data,
      found.mapValues { rows in
        rows.map { row in
          FoundObject(
            label: Int(row[1]), score: row[2], box: PixelBox(x0: row[3], y0: row[4], x1: row[5], y1: row[6]))
        }
      })
    let figures = try EvaluationFigures(objects, on: data).figures
    return Dictionary(
      uniqueKeysWithValues: figures.compactMap { figure in figure.value.map { (figure.name, $0) } })
  }

  private static let columns = 7

  /// The rows of all processes.
  private static func gathered(_ rows: [Double], _ group: ProcessGroup?) throws -> [[Double]] {
    var parts = [rows]
    if let group {
      // Tensors have to be of one size: counts go first, and short ones are filled up.
      let counts = try group.gather(Tensor([Int64(rows.count)])).map { Int(try $0.elements(Int64.self)[0]) }
      let missing = (counts.max() ?? 0) - rows.count
      let filled = try Tensor(rows + [Double](repeating: 0, count: missing))
      parts = try zip(group.gather(filled), counts).map { Array(try $0.elements(Double.self).prefix($1)) }
    }
    return parts.flatMap { part in
      stride(from: 0, to: part.count, by: columns).map { Array(part[$0..<$0 + columns]) }
    }
  }
}
