import Foundation
import GLIP

/// Writes prompts for the records of a detection data set.
public struct DetectionPrompter: Sendable {
  private let prompting: DetectionPrompting
  private let items: [Item]
  /// How many of the items are classes; the background may follow.
  private let classCount: Int
  /// Tokens that names may take.
  private let room: Int

  /// A class as it is written.
  private struct Item: Sendable {
    let prefix, name, suffix: String
    /// In tokens, the separator included.
    let length: Int
  }

  /// - Parameters:
  ///   - classes: of the data set
  ///   - maximumTokens: that the network takes, `[CLS]` and `[SEP]` included
  /// - Throws: `SettingError`.
  public init(
    _ prompting: DetectionPrompting, classes: [ObjectClass], tokenizer: WordPieceTokenizer,
    maximumTokens: Int = 256
  ) throws(SettingError) {
    let prompts = prompting.classPrompts ?? classes.map { ClassPrompt($0.name) }
    guard prompts.count == classes.count else {
      throw SettingError("number of class prompts", prompts.count, "that of the classes, \(classes.count)")
    }
    try prompting.negatives?.validate()
    self.prompting = prompting
    classCount = classes.count
    room = maximumTokens - 2
    let background = prompting.negatives?.includesBackground == true ? [ClassPrompt("__background__")] : []
    items = (prompts + background).map { prompt in
      let name = ClassPrompt.cleaned(prompt.phrase ?? prompt.name)
      let text = prompt.prefix + name + prompt.suffix + prompting.separator
      return Item(
        prefix: prompt.prefix, name: name, suffix: prompt.suffix, length: tokenizer.tokenize(text).count - 2)
    }
  }

  /// A prompt for a picture, and its objects tied to the names of their classes. Where the classes of one
  /// picture do not fit, a random selection of them is named, and the objects of the others are left out.
  ///
  /// - Throws: `ConversionError`.
  public func text(
    for objects: [Record.Object], using generator: inout SeededGenerator
  ) throws(ConversionError) -> GroundedText {
    var present: Set<Int> = []
    for object in objects {
      guard let index = object.classIndex else { throw .noClass }
      guard (0..<classCount).contains(index) else { throw .unknownClass(index, count: classCount) }
      present.insert(index)
    }
    let (positives, negatives) = selection(of: present, using: &generator)
    var listed = (positives + negatives).sorted()
    if prompting.isShuffled { listed.shuffle(using: &generator) }
    let (caption, spans) = joined(
      listed, opening: opening(isOneSided: positives.isEmpty || negatives.isEmpty))
    return GroundedText(
      caption: caption,
      objects: objects.compactMap { object in
        object.classIndex.flatMap { spans[$0] }.map {
          Sample.Object(box: object.box, spans: [$0], classIndex: object.classIndex)
        }
      })
  }

  private func selection(
    of present: Set<Int>, using generator: inout SeededGenerator
  ) -> (positives: [Int], negatives: [Int]) {
    guard let sampling = prompting.negatives else {
      return (Array(present), (0..<classCount).filter { !present.contains($0) })
    }
    // Sorted first: the order of a set differs from run to run.
    var positives: [Int] = []
    var length = 0
    for index in present.sorted().shuffled(using: &generator) {
      length += items[index].length
      guard length <= room else { break }
      positives.append(index)
    }
    let count = sampling.count(of: items.count, using: &generator)
    var negatives: [Int] = []
    for index in generator.choose(count, of: items.count) where !present.contains(index) {
      length += items[index].length
      guard length < room else { break }
      negatives.append(index)
    }
    return (positives, negatives)
  }

  private func opening(isOneSided: Bool) -> String {
    switch prompting.opening {
    case .none: ""
    case .detection: "object detection : "
    case .detectionOrQuery: isOneSided ? "object detection query : " : "object detection : "
    }
  }

  private func joined(_ listed: [Int], opening: String) -> (caption: String, spans: [Int: Range<Int>]) {
    var caption = opening
    var count = opening.unicodeScalars.count
    var spans: [Int: Range<Int>] = [:]
    func append(_ part: String) {
      caption += part
      count += part.unicodeScalars.count
    }
    for (position, index) in listed.enumerated() {
      let item = items[index]
      if position > 0 { append(prompting.separator) }
      append(item.prefix)
      let begin = count
      append(item.name)
      spans[index] = begin..<count
      append(item.suffix)
    }
    return (caption, spans)
  }
}

/// Why a record has no prompt.
public enum ConversionError: Error, Sendable, Hashable, CustomStringConvertible, LocalizedError {
  case noClass
  case unknownClass(Int, count: Int)
  case noClassList
  case spanOutside(Range<Int>, count: Int)
  case wrongSize(annotated: Record.Size, found: Record.Size)
  case replacementsFailed(attempts: Int)

  public var description: String {
    switch self {
    case .noClass: "an object has no class"
    case .unknownClass(let index, let count): "an object is of class \(index) of a list of \(count)"
    case .noClassList: "its objects are named by classes, of which the data set has no list"
    case .spanOutside(let span, let count):
      "the span \(span.lowerBound)..<\(span.upperBound) is outside of the caption of \(count) characters"
    case .wrongSize(let annotated, let found):
      "the picture has \(found.width)x\(found.height) pixels, but the annotations say "
        + "\(annotated.width)x\(annotated.height)"
    case .replacementsFailed(let attempts):
      "it cannot be used, nor can any of \(attempts) other records that were tried in its place"
    }
  }

  public var errorDescription: String? { description }
}
