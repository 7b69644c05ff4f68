import Foundation
import GLIP
import Pictures

/// Data sets that are trained on together, and how their records become samples.
public struct TrainingSet: Sendable {
  /// One of the data sets.
  public struct Part: Sendable {
    public var dataset: any GroundingDataset
    /// For records whose objects are named by classes.
    public var prompting: DetectionPrompting
    /// For records with captions.
    public var grounding: CaptionGrounding
    /// How often each record comes in an epoch. Of 2.5 copies the half is another half in every epoch.
    public var copies: Double
    /// Whether masked language modelling may hide words of the prompts.
    public var hidesWords: Bool

    public init(
      _ dataset: any GroundingDataset, prompting: DetectionPrompting = DetectionPrompting(),
      grounding: CaptionGrounding = CaptionGrounding(), copies: Double = 1, hidesWords: Bool = true
    ) {
      (self.dataset, self.prompting, self.grounding) = (dataset, prompting, grounding)
      (self.copies, self.hidesWords) = (copies, hidesWords)
    }
  }

  public let parts: [Part]
  public let augmentation: Augmentation
  public let tokenizer: WordPieceTokenizer
  /// That the network takes, `[CLS]` and `[SEP]` included.
  public let maximumTokens: Int
  public let seed: UInt64

  private let prompters: [DetectionPrompter]
  /// By part and record: whether the picture is wide, high, or of unknown shape. Nil where they are not told
  /// apart.
  let shapes: [[Shape]]?

  /// Records tried in place of one that cannot be used.
  private static let attempts = 100

  /// - Parameter groupsShapes: whether wide pictures come together in batches, and high ones, which saves
  ///   padding.
  /// - Throws: `SettingError` for settings that make no sense.
  public init(
    _ parts: [Part], augmentation: Augmentation = .authors, tokenizer: WordPieceTokenizer,
    maximumTokens: Int = 256, groupsShapes: Bool = true, seed: UInt64 = 0
  ) throws {
    try augmentation.validate()
    try SettingError.check("largest number of tokens", maximumTokens, atLeast: 2)
    for part in parts {
      try part.grounding.validate()
      guard part.copies.isFinite, part.copies >= 0, part.copies * Double(part.dataset.count) < 1e9 else {
        throw SettingError(
          "number of copies of \(part.dataset.name)", part.copies, "from 0 to a billion records")
      }
    }
    (self.parts, self.augmentation, self.tokenizer) = (parts, augmentation, tokenizer)
    (self.maximumTokens, self.seed) = (maximumTokens, seed)
    prompters = try parts.map {
      try DetectionPrompter(
        $0.prompting, classes: $0.dataset.classes, tokenizer: tokenizer, maximumTokens: maximumTokens)
    }
    shapes = groupsShapes ? parts.map { part in part.dataset.shapes } : nil
  }

  /// Copies of data sets such that their records come in the proportion of the weights.
  ///
  /// - Parameters:
  ///   - weights: of the data sets
  ///   - counts: of their records
  ///   - samples: in an epoch
  public static func copies(weights: [Double], counts: [Int], samples: Int) -> [Double] {
    let sum = weights.reduce(0, +)
    return zip(weights, counts).map { weight, count in
      count > 0 && sum > 0 ? weight / sum * Double(samples) / Double(count) : 0
    }
  }

  /// A record of one of the parts.
  struct Entry: Hashable, Sendable {
    var part: Int32
    var record: Int32
  }

  /// A sample, the same for the same arguments.
  ///
  /// - Parameters:
  ///   - place: among the samples of the epoch
  ///   - onProblem: told of records that cannot be used, which others of their data set then stand in for;
  ///     nil to throw
  /// - Throws: `SampleError`.
  func sample(
    of entry: Entry, epoch: Int, place: Int, onProblem: ((SampleError) -> Void)?
  ) throws(SampleError) -> Sample {
    var generator = SeededGenerator(seed: seed, epoch, place)
    let dataset = parts[Int(entry.part)].dataset
    var index = Int(entry.record)
    for _ in 0..<Self.attempts {
      do {
        if let sample = try sample(part: Int(entry.part), record: index, using: &generator) { return sample }
      } catch {
        let problem = SampleError(dataset, index, error)
        guard let onProblem else { throw problem }
        onProblem(problem)
      }
      index = Int.random(in: 0..<dataset.count, using: &generator)
    }
    throw SampleError(
      dataset, Int(entry.record), ConversionError.replacementsFailed(attempts: Self.attempts))
  }

  /// - Returns: nil for a caption with too few boxes.
  private func sample(
    part: Int, record index: Int, using generator: inout SeededGenerator
  ) throws -> Sample? {
    let (dataset, grounding) = (parts[part].dataset, parts[part].grounding)
    let record = try dataset.record(at: index)
    let picture = try record.picture.load()
    if let size = record.size, size.width != picture.width || size.height != picture.height {
      throw ConversionError.wrongSize(
        annotated: size, found: Record.Size(width: picture.width, height: picture.height))
    }
    let text: GroundedText
    let asked: Sample.Asked
    switch record.text {
    case .classes:
      guard !dataset.classes.isEmpty else { throw ConversionError.noClassList }
      let objects = record.objects.cut(toWidth: picture.width, height: picture.height)
      text = try prompters[part].text(for: objects, using: &generator)
      asked = .objects
    case .caption(let caption):
      let objects = grounding.screened(record.objects).cut(toWidth: picture.width, height: picture.height)
      guard objects.count >= grounding.minimumBoxes else { return nil }
      text = try grounding.text(
        caption, objects, tokenizer: tokenizer, maximumTokens: maximumTokens, using: &generator,
        other: { otherCaption(than: index, in: dataset, using: &$0) })
      asked = .everything
    }
    let sample = Sample(
      id: record.id, picture: picture, caption: text.caption, objects: text.objects,
      asked: parts[part].hidesWords ? asked : .nothing)
    return try augmentation.applied(to: sample, using: &generator)
  }

  /// The caption of another record. One that cannot be read is reported in its own turn.
  private func otherCaption(
    than index: Int, in dataset: any GroundingDataset, using generator: inout SeededGenerator
  ) -> String? {
    guard dataset.count > 1 else { return nil }
    let step = Int.random(in: 1..<dataset.count, using: &generator)
    let record = try? dataset.record(at: (index + step) % dataset.count)
    guard case .caption(let caption)? = record?.text else { return nil }
    return caption
  }
}

enum Shape: UInt8, Sendable, CaseIterable {
  case wide, high, unknown
}

extension GroundingDataset {
  fileprivate var shapes: [Shape] {
    (0..<count).map { index in
      size(at: index).map { $0.height < $0.width ? .wide : .high } ?? .unknown
    }
  }
}

/// A record that cannot be trained on.
public struct SampleError: Error, Sendable, Hashable {
  /// Name of the data set.
  public var dataset: String
  /// Id of the record, or its position where the id cannot be read.
  public var record: String
  /// Without a full stop.
  public var reason: String

  init(_ dataset: any GroundingDataset, _ index: Int, _ cause: any Error) {
    self.dataset = dataset.name
    record = (try? dataset.record(at: index).id) ?? "number \(index + 1)"
    let text = "\(cause)"
    reason = text.hasSuffix(".") ? String(text.dropLast()) : text
  }
}

extension SampleError: CustomStringConvertible, LocalizedError {
  public var description: String { "\(dataset), record \(record): \(reason)." }
  public var errorDescription: String? { description }
}
