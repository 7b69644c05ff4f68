import Foundation

/// What is wrong with the weights of the part-of-speech tagger.
public enum TaggerError: Error, Hashable, CustomStringConvertible, LocalizedError {
  case missing
  case unreadable(file: String, reason: String)
  case broken(file: String, line: Int, reason: String)

  public var description: String {
    switch self {
    case .missing:
      "finding phrases needs the tagger's weights, which are not here: mark the phrases, as in"
        + " \"[a woman] next to [a flag]\", or run `make bootstrap`"
    case .unreadable(let file, let reason):
      "the tagger's weights \(file) cannot be read: \(reason)"
    case .broken(let file, let line, let reason):
      "the tagger's weights \(file) are broken at line \(line): \(reason)"
    }
  }

  public var errorDescription: String? { description }
}

/// The weights of a part-of-speech tagger, as `Scripts/convert-tagger` writes them (and describes the
/// file).
struct TaggerWeights: Sendable {
  /// The tags, in alphabetical order.
  let classes: [String]
  /// Words (UTF-8) that have one tag only, and its position in `classes`.
  private(set) var words: [ArraySlice<UInt8>: Int] = [:]
  /// Features (UTF-8) and where their weights are in `entries`.
  private var features: [ArraySlice<UInt8>: Range<Int>] = [:]
  private var entries: [(tag: UInt8, weight: Double)] = []

  /// The file has 5 MB; one far beyond that is something else.
  static let maximumBytes = 64 << 20

  /// - Throws: `TaggerError`.
  init(file: URL) throws(TaggerError) {
    let data: Data
    do {
      let size = try file.resourceValues(forKeys: [.fileSizeKey]).fileSize ?? 0
      guard size <= Self.maximumBytes else {
        throw TaggerError.unreadable(file: file.path, reason: "it has \(size) bytes")
      }
      data = try Data(contentsOf: file)
    } catch let error as TaggerError {
      throw error
    } catch {
      throw .unreadable(file: file.path, reason: error.localizedDescription)
    }
    try self.init(bytes: [UInt8](data), name: file.path)
  }

  /// - Parameter name: the name of the file in errors.
  /// - Throws: `TaggerError`.
  init(bytes: [UInt8], name: String) throws(TaggerError) {
    var lines = LineReader(bytes: bytes, file: name)
    guard try lines.next().elementsEqual("glip-tagger 1".utf8) else {
      throw lines.broken("it is not a tagger of version 1")
    }
    classes = try lines.next().split(separator: UInt8(ascii: " ")).map { String(decoding: $0, as: UTF8.self) }
    guard (1...255).contains(classes.count) else { throw lines.broken("it has \(classes.count) tags") }

    let wordCount = try lines.nextCount()
    words.reserveCapacity(wordCount)
    for _ in 0..<wordCount {
      let (word, rest) = try lines.nextPair()
      var numbers = NumberReader(bytes: rest)
      guard let tag = numbers.next(), classes.indices.contains(tag), numbers.isAtEnd else {
        throw lines.broken("the tag is not one of the \(classes.count)")
      }
      words[word] = tag
    }

    let featureCount = try lines.nextCount()
    features.reserveCapacity(featureCount)
    entries.reserveCapacity(4 * featureCount)
    for _ in 0..<featureCount {
      let (feature, rest) = try lines.nextPair()
      let begin = entries.count
      var numbers = NumberReader(bytes: rest)
      while !numbers.isAtEnd {
        guard let tag = numbers.next(), classes.indices.contains(tag), let weight = numbers.next() else {
          throw lines.broken("the weights are not pairs of a tag and a whole number")
        }
        entries.append((UInt8(tag), Double(weight) / 1000))
      }
      features[feature] = begin..<entries.count
    }
    guard lines.isAtEnd else { throw lines.broken("there is more than was announced") }
  }

  /// The weights of a feature, by position of the tag in `classes`.
  func weights(of feature: String) -> ArraySlice<(tag: UInt8, weight: Double)> {
    features[ArraySlice(feature.utf8)].map { entries[$0] } ?? []
  }
}

private struct LineReader {
  let bytes: [UInt8]
  let file: String
  private var position = 0
  private var line = 0

  init(bytes: [UInt8], file: String) {
    self.bytes = bytes
    self.file = file
  }

  var isAtEnd: Bool { position >= bytes.count }

  func broken(_ reason: String) -> TaggerError {
    .broken(file: file, line: line, reason: reason)
  }

  mutating func next() throws(TaggerError) -> ArraySlice<UInt8> {
    line += 1
    guard !isAtEnd else { throw broken("the file ends here") }
    let end = bytes[position...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
    defer { position = end + 1 }
    return bytes[position..<end]
  }

  /// A number of lines; each has at least three bytes, so it is bounded by the file's size.
  mutating func nextCount() throws(TaggerError) -> Int {
    var numbers = NumberReader(bytes: try next())
    guard let count = numbers.next(), numbers.isAtEnd, (0...(bytes.count / 3)).contains(count) else {
      throw broken("a number of lines is expected")
    }
    return count
  }

  /// What stands before and after the tab.
  mutating func nextPair() throws(TaggerError) -> (ArraySlice<UInt8>, ArraySlice<UInt8>) {
    let text = try next()
    guard let tab = text.firstIndex(of: UInt8(ascii: "\t")) else { throw broken("there is no tab") }
    return (text[..<tab], text[(tab + 1)...])
  }
}

/// Whole numbers of at most nine digits, with one space between two.
private struct NumberReader {
  private let bytes: ArraySlice<UInt8>
  private var position: Int

  init(bytes: ArraySlice<UInt8>) {
    self.bytes = bytes
    position = bytes.startIndex
  }

  var isAtEnd: Bool { position >= bytes.endIndex }

  mutating func next() -> Int? {
    var value = 0
    var digits = 0
    let isNegative = !isAtEnd && bytes[position] == UInt8(ascii: "-")
    if isNegative { position += 1 }
    while !isAtEnd, bytes[position] != UInt8(ascii: " ") {
      let digit = bytes[position] &- UInt8(ascii: "0")
      guard digit < 10, digits < 9 else { return nil }
      value = value * 10 + Int(digit)
      digits += 1
      position += 1
    }
    position += 1
    return digits == 0 ? nil : isNegative ? -value : value
  }
}
