import Foundation
import GLIP
import GroundingData

/// One of the data sets of Object Detection in the Wild (paper, section 5.3), as the authors' task files say.
public struct ODinWTask: Sendable, Hashable {
  /// That of the file, without `.yaml`; what the leaderboard calls the data set.
  public let name: String
  /// Parts of the data by name: `train`, `val`, `test`, for some tasks `minival`, and `train_1_3` for one picture of each
  /// class, chosen by the seed 3.
  public let parts: [String: Part]
  /// The part that is trained on.
  public let trainingPart: String
  /// The part that is measured.
  public let measuredPart: String
  /// What the task calls its classes; nil for their names in the annotations.
  public let classes: [ObjectClass]?
  /// A phrase for each class, in the order of the classes' ids.
  public let phrases: [Phrase]?
  /// At which the network sees pictures.
  public let resize: ResizeRule

  /// Annotations in COCO's form, and the folder of their pictures, relative to the data sets' folder.
  public struct Part: Sendable, Hashable {
    public let annotations: String
    public let pictures: String
  }

  /// A class in words: its name, which boxes are matched to, among others that describe it.
  public struct Phrase: Sendable, Hashable {
    public let prefix: String
    public let name: String
    public let suffix: String
  }

  init(
    name: String, parts: [String: Part], trainingPart: String, measuredPart: String,
    classes: [ObjectClass]?, phrases: [Phrase]?, resize: ResizeRule
  ) {
    (self.name, self.parts, self.trainingPart, self.measuredPart) = (name, parts, trainingPart, measuredPart)
    (self.classes, self.phrases, self.resize) = (classes, phrases, resize)
  }
}

/// What the network is asked for.
public enum ODinWPrompt: String, Sendable, CaseIterable, Codable {
  /// The task's phrases where it has any, else its names.
  case phrases
  /// The names that the task gives to its classes.
  case names
  /// The names that the annotations have.
  case annotated
}

extension ODinWTask {
  /// The prompt that a task has in place of one that it lacks.
  public func available(_ prompt: ODinWPrompt) -> ODinWPrompt {
    switch prompt {
    case .phrases where phrases != nil: .phrases
    case .phrases, .names: classes == nil ? .annotated : .names
    case .annotated: .annotated
    }
  }

  /// A part of the data.
  ///
  /// - Parameter root: the folder of the data sets.
  /// - Throws: `EvaluationError` where the task has no such part.
  public func description(
    of part: String, in root: URL, prompt: ODinWPrompt = .phrases
  ) throws -> DatasetDescription {
    guard let found = parts[part] else {
      let names = parts.keys.filter { $0.split(separator: "_").count == 1 }.sorted()
      throw EvaluationError(
        .invalidParameters, "there is no part '\(part)' of \(name), but \(names.joined(separator: ", "))")
    }
    return DatasetDescription(
      annotations: root.appending(path: found.annotations).path, name: "\(name) (\(part))", format: .coco,
      pictures: root.appending(path: found.pictures).path, classes: prompt == .annotated ? nil : classes)
  }

  /// What to ask for; nil for the classes' names.
  ///
  /// - Parameter classes: of the data set that was opened.
  /// - Throws: `EvaluationError` where they are not as many as the task's phrases.
  public func classPrompts(
    for classes: [ObjectClass], prompt: ODinWPrompt = .phrases
  ) throws -> [ClassPrompt]? {
    guard available(prompt) == .phrases, let phrases else { return nil }
    guard phrases.count == classes.count else {
      throw EvaluationError(
        .invalidParameters,
        "there are \(phrases.count) phrases in CAPTION_PROMPT of \(name), but \(classes.count) classes")
    }
    return zip(classes, phrases).map { element, phrase in
      ClassPrompt(element.name, phrase: phrase.name, prefix: phrase.prefix, suffix: phrase.suffix)
    }
  }
}
