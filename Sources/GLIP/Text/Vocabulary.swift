import Foundation

/// What is wrong with a vocabulary file.
public enum VocabularyError: Error, Hashable, CustomStringConvertible, LocalizedError {
  case unreadable(file: String, reason: String)
  case tooLarge(file: String, bytes: Int, limit: Int)
  case notUTF8(file: String)
  case emptyEntry(file: String, line: Int)
  case duplicateEntry(file: String, line: Int, entry: String)
  case missingEntry(file: String, entry: String)

  public var description: String {
    switch self {
    case .unreadable(let file, let reason):
      "the vocabulary \(file) cannot be read: \(reason)"
    case .tooLarge(let file, let bytes, let limit):
      "the vocabulary \(file) has \(bytes) bytes, more than the \(limit) allowed"
    case .notUTF8(let file):
      "the vocabulary \(file) is not UTF-8 text"
    case .emptyEntry(let file, let line):
      "line \(line) of the vocabulary \(file) is empty"
    case .duplicateEntry(let file, let line, let entry):
      "line \(line) of the vocabulary \(file) repeats the entry \"\(entry)\""
    case .missingEntry(let file, let entry):
      "the vocabulary \(file) has no entry \"\(entry)\""
    }
  }

  public var errorDescription: String? { description }
}

/// Word pieces and their indices, from a file with one piece a line.
struct Vocabulary: Sendable {
  /// Pieces that start a word, in UTF-8. (Bytes, as Swift's strings hold `é` and `e´` for equal.)
  private var starts: [ArraySlice<UInt8>: Int32] = [:]
  /// Pieces that continue a word, in UTF-8 without their `##`.
  private var continuations: [ArraySlice<UInt8>: Int32] = [:]
  /// Length in bytes of the longest piece.
  private(set) var longest = 0

  let unknown: Int32
  let classification: Int32
  let separator: Int32
  /// Entries that are recognised as they stand in a text, before anything else is done to it.
  let special: [(text: [Unicode.Scalar], id: Int32)]

  /// BERT's has 232 kB; a file far beyond that is something else.
  static let maximumBytes = 16 << 20

  /// - Throws: `VocabularyError`.
  init(file: URL) throws(VocabularyError) {
    let data: Data
    do {
      let size = try file.resourceValues(forKeys: [.fileSizeKey]).fileSize ?? 0
      guard size <= Self.maximumBytes else {
        throw VocabularyError.tooLarge(file: file.path, bytes: size, limit: Self.maximumBytes)
      }
      data = try Data(contentsOf: file)
    } catch let error as VocabularyError {
      throw error
    } catch {
      throw .unreadable(file: file.path, reason: error.localizedDescription)
    }
    try self.init(bytes: [UInt8](data), name: file.path)
  }

  /// - Parameter name: the name of the file in errors.
  /// - Throws: `VocabularyError`.
  init(bytes: [UInt8], name: String) throws(VocabularyError) {
    guard String(validating: bytes, as: UTF8.self) != nil else { throw .notUTF8(file: name) }
    starts.reserveCapacity(32_768)
    continuations.reserveCapacity(8_192)
    var line = 0
    var begin = 0
    while begin < bytes.count {
      let end = bytes[begin...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
      var entry = bytes[begin..<end]
      if entry.last == UInt8(ascii: "\r") { entry.removeLast() }
      line += 1
      begin = end + 1
      guard !entry.isEmpty else { throw .emptyEntry(file: name, line: line) }
      let continues = entry.count > 2 && entry.starts(with: [UInt8(ascii: "#"), UInt8(ascii: "#")])
      let id = Int32(line - 1)
      let previous =
        continues
        ? continuations.updateValue(id, forKey: entry.dropFirst(2))
        : starts.updateValue(id, forKey: entry)
      guard previous == nil else {
        throw .duplicateEntry(file: name, line: line, entry: String(decoding: entry, as: UTF8.self))
      }
      longest = max(longest, entry.count)
    }

    var special: [(text: [Unicode.Scalar], id: Int32)] = []
    for entry in ["[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]"] {
      guard let id = starts[ArraySlice(entry.utf8)] else {
        throw .missingEntry(file: name, entry: entry)
      }
      special.append((Array(entry.unicodeScalars), id))
    }
    self.special = special
    unknown = special[0].id
    classification = special[1].id
    separator = special[2].id
  }

  /// Index of a piece.
  /// - Parameter isStart: whether it starts a word.
  func id(of piece: ArraySlice<UInt8>, isStart: Bool) -> Int32? {
    isStart ? starts[piece] : continuations[piece]
  }
}
