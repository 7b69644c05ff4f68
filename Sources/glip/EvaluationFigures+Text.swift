import Foundation
import GroundingEvaluation

extension EvaluationFigures {
  /// For a person.
  func text(_ data: EvaluationData, perClass: Bool) -> String {
    func number(_ value: Double?) -> String { value.map { String(format: "%.4f", $0) } ?? "none" }
    let count = data.groundTruth.images.count
    var parts = ["\(data.dataset.name): \(data.benchmark.rawValue), \(count) pictures"]
    parts.append(table(figures.map { ["  " + $0.name, number($0.value)] }, rightAligned: [1]))
    if perClass, let names = classes.first?.figures.map(\.name) {
      let rows = classes.map { element in
        [element.id.map { "\($0)" } ?? "", element.name, "\(element.objectCount)"]
          + element.figures.map { number($0.value) }
      }
      let isOfClasses = !data.benchmark.asksForPhrases
      let head = isOfClasses ? ["id", "class", "objects"] : ["", "type", "phrases"]
      parts.append(table([head + names] + rows, rightAligned: Set([0] + (2..<3 + names.count))))
    }
    return parts.joined(separator: "\n")
  }
}
