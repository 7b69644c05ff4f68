import Foundation
import GLIP
import GroundingData
import GroundingEvaluation
import Torch

/// Average precision on a detection data set, measured as COCO does; the pictures are shared among the processes.
struct Validation: Sendable {
  private let dataset: any CheckedDataset
  private let truth: GroundTruth
  private let prompt: Prompt
  private let options: DetectionOptions

  init(_ settings: TrainingConfiguration.ValidationSettings) throws {
    guard let description = settings.data else { preconditionFailure("there is a data set") }
    dataset = try description.open()
    guard !dataset.classes.isEmpty else {
      throw ConfigurationError("\(dataset.name) has captions; validation needs boxes of classes")
    }
    if let names = settings.classPrompts, names.count != dataset.classes.count {
      throw ConfigurationError(
        "'validation.classPrompts' names \(names.count) classes, but \(dataset.name) has \(dataset.classes.count)"
      )
    }
    prompt = .classes(settings.classPrompts ?? dataset.classes.map { ClassPrompt($0.name) })
    truth = try GroundTruth(dataset)
    var options = DetectionOptions()
    options.threshold = 0
    options.resize = ResizeRule(minimumSide: settings.shortSide, maximumSide: settings.longestSide)
    self.options = options
  }

  /// Figures by name, such as `AP50`, from 0 to 1; the same on all processes.
  func callAsFunction(
    _ model: GLIPModel, device: Device, group: ProcessGroup?, progress: (Int, Int) -> Void
  ) throws -> [String: Double] {
    var prompts = PromptEncoder(tokenizer: try .bertUncased())
    // Data sets have classes whose cleaned names are the same.
    prompts.acceptsRepeatedPhrases = true
    let detector = try Detector(model: model, device: device, prompts: prompts)
    let (rank, size) = (group?.rank ?? 0, group?.size ?? 1)
    var rows: [Double] = []
    for index in stride(from: rank, to: dataset.count, by: size) {
      guard let record = try dataset.soundRecord(at: index) else { continue }
      for found in try detector.detect(record.picture.load(), prompt, options: options) {
        let box = found.box
        rows += [
          Double(index), Double(found.labelIndex), found.score, box.x0, box.y0, box.x1 - box.x0 + 1,
          box.y1 - box.y0 + 1,
        ]
      }
      progress(index / size + 1, (dataset.count + size - 1) / size)
    }
    let detections = try Self.gathered(rows, group).map { row in
      DetectedBox(
        imageIndex: Int(row[0]), classIndex: Int(row[1]),
        rectangle: Rectangle(x: row[3], y: row[4], width: row[5], height: row[6]), score: row[2])
    }
    let figures = try COCOEvaluation(groundTruth: truth, detections: detections).figures
    return Dictionary(
      uniqueKeysWithValues: figures.compactMap { figure in figure.value.map { (figure.name, $0) } })
  }

  private static let columns = 7

  /// The rows of all processes, in the order of the pictures.
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
    }.sorted { $0[0] < $1[0] }
  }
}
