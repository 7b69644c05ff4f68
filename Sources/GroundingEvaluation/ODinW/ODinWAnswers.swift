import Checkpoints
import Foundation

/// The file that the ODinW leaderboard takes: for each data set the detections in COCO's form,
/// `{"<data set>": […]}`, or where pictures were chosen by seeds, those of each, `{"<data set>": {"3": […]}}`.
public struct ODinWAnswers {
  /// Files of detections by data set, in the order in which they are written.
  private var answers: [(dataset: String, files: [(seed: Int?, file: URL)])] = []

  public init() {}

  /// - Parameter detections: a file of `DetectionsFile`.
  public mutating func add(_ detections: URL, for dataset: String, seed: Int? = nil) {
    if let index = answers.firstIndex(where: { $0.dataset == dataset }) {
      answers[index].files.append((seed, detections))
    } else {
      answers.append((dataset, [(seed, detections)]))
    }
  }

  /// Writes the file, one data set's detections in memory at a time; it appears when it is complete.
  ///
  /// - Throws: `EvaluationError`.
  public func write(to file: URL) throws {
    do {
      let output = try ReplacementFile(for: file)
      func write(_ data: Data) throws { try data.withUnsafeBytes { try output.write($0) } }
      func write(_ text: String) throws { try write(Data(text.utf8)) }
      try write("{")
      for (index, answer) in answers.enumerated() {
        try write((index > 0 ? ",\n" : "\n") + quoted(answer.dataset) + ": ")
        if answer.files.count == 1, answer.files[0].seed == nil {
          try write(detections(answer.files[0].file))
        } else {
          for (index, (seed, file)) in answer.files.enumerated() {
            try write((index > 0 ? ",\n" : "{") + "\"\(seed ?? 0)\": ")
            try write(detections(file))
          }
          try write("}")
        }
      }
      try write("}\n")
      try output.commit()
    } catch let error as CheckpointError {
      throw EvaluationError(.inaccessible, file: file, error.reason)
    }
  }

  private func detections(_ file: URL) throws -> Data {
    do { return try Data(contentsOf: file, options: .mappedIfSafe) } catch {
      throw EvaluationError(.inaccessible, file: file, "cannot be read (\(error.localizedDescription))")
    }
  }

  private func quoted(_ text: String) throws -> String {
    String(decoding: try JSONEncoder().encode(text), as: UTF8.self)
  }
}
