import Foundation
import GLIP
import Pictures

/// A teacher network that says where on a picture is what its caption, or a list of classes, names (paper, section 3.3).
public struct Labeller: Sendable {
  /// What is looked for.
  public enum Prompts: Sendable, Hashable {
    /// The noun phrases of every picture's caption.
    case captions(PhraseExclusion)
    /// The same in every picture.
    case classes([ClassPrompt])
  }

  /// A sample that is ready for the network.
  public struct Prepared: Sendable {
    var entry: LabelEntry
    /// The texts of what is looked for; empty where that is nothing.
    var texts: [EncodedPrompt]
    /// Nil then.
    var input: NetworkInput?
  }

  private let detector: Detector
  private let prompts: Prompts
  private let rules: LabellingRules
  private let options: DetectionOptions
  /// Of the classes, if they are what is looked for.
  private let classTexts: [EncodedPrompt]

  /// - Parameter options: sizes, overlap within a phrase and most detections; the threshold is the rules'.
  /// - Throws: for rules, options or classes that cannot be used.
  public init(
    _ detector: Detector, prompts: Prompts, rules: LabellingRules, options: DetectionOptions
  ) throws {
    try rules.validate()
    var options = options
    // All are wanted, so that the statistics can tell what a threshold leaves out.
    options.threshold = 0
    options.labelThresholds = [:]
    try options.validate(labels: [])
    classTexts =
      if case .classes(let classes) = prompts {
        try detector.validate(.classes(classes), options: options)
      } else {
        []
      }
    (self.detector, self.prompts, self.rules, self.options) = (detector, prompts, rules, options)
  }

  /// Reads a sample's picture and text, on the calling thread.
  ///
  /// - Parameter pictures: how the result will name the picture; that it can is found out here.
  /// - Throws: a fault of the sample (`isFaultOfSample`), or `TaggerError`.
  public func prepare(
    _ index: Int, of dataset: any GroundingDataset, pictures: PictureNames
  ) throws -> Prepared {
    let record = try dataset.record(at: index)
    if case .relative = pictures { _ = try pictures.name(of: record) }
    let picture = try record.picture.load()
    var entry = LabelEntry(
      index: index, id: record.id, size: Record.Size(width: picture.width, height: picture.height))
    let texts = try texts(for: record, &entry.counts)
    return Prepared(
      entry: entry, texts: texts,
      input: texts.isEmpty ? nil : try detector.prepare(picture, options: options))
  }

  /// Runs the network.
  ///
  /// - Throws: `TorchError`.
  func label(_ prepared: Prepared) throws -> LabelEntry {
    var entry = prepared.entry
    var found: [(object: Record.Object, phrase: Int)] = []
    if let input = prepared.input {
      let isClass = !classTexts.isEmpty
      found = try detector.detect([input], prepared.texts, options)[0].map {
        ($0.object(isClass: isClass), $0.labelIndex)
      }
    }
    entry.objects = rules.screened(found, in: entry.size, &entry.counts)
    return entry
  }

  /// Whether an error tells of a sample that cannot be used; with any other the work cannot go on.
  public static func isFaultOfSample(_ error: any Error) -> Bool {
    switch error {
    case is DatasetError, is PictureError, is DetectorError, is PromptError: true
    default: false
    }
  }

  private func texts(for record: Record, _ counts: inout LabelCounts) throws -> [EncodedPrompt] {
    switch prompts {
    case .classes(let classes):
      counts.phrases += classes.count
      return classTexts
    case .captions(let exclusion):
      guard case .caption(let caption) = record.text, caption.contains(where: { !$0.isWhitespace }) else {
        throw record.unwritable("it has no caption")
      }
      let phrases = try CaptionPhrases(of: caption, detector.prompts, excluding: exclusion, &counts)
      guard !phrases.spans.isEmpty else { return [] }
      return try detector.prompts.encode(.caption(phrases.text, spans: phrases.spans))
    }
  }
}

extension Detection {
  /// Coordinates to a hundredth of a pixel, the score to a ten-thousandth: more is noise, and long.
  fileprivate func object(isClass: Bool) -> Record.Object {
    func rounded(_ value: Double, _ steps: Double) -> Double { (value * steps).rounded() / steps }
    let box = CornerBox(
      x0: rounded(box.x0, 100), y0: rounded(box.y0, 100), x1: rounded(box.x1, 100), y1: rounded(box.y1, 100))
    let score = rounded(score, 10_000)
    if isClass { return Record.Object(box: box, classIndex: labelIndex, score: score) }
    return Record.Object(box: box, spans: [span], score: score)
  }
}
