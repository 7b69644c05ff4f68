import Foundation
import GLIP

/// A list of classes on disk.
enum ClassesFile {
  /// More would be a mistake: the largest published vocabularies have some 20,000 names.
  private static let largest = 4 << 20

  /// - Throws: `CommandError` for a file that cannot be read, or is no list of names.
  static func read(_ path: String) throws -> [ClassPrompt] {
    let data = try contents(of: path)
    let classes = path.lowercased().hasSuffix(".json") ? try json(data, path) : try lines(data, path)
    guard !classes.isEmpty else { throw CommandError("\(path) holds no name to look for") }
    return classes
  }

  /// The bytes of a file or pipe, without the mark that some editors put before UTF-8.
  private static func contents(of path: String) throws -> Data {
    guard let file = fopen(path, "rb") else { throw unreadable(path) }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: largest + 1)
    let count = fread(&bytes, 1, bytes.count, file)
    guard ferror(file) == 0 else { throw unreadable(path) }
    guard count <= largest else { throw CommandError("\(path) is too long for a list of names") }
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    return Data(bytes[..<count].dropFirst(bytes.starts(with: mark) ? mark.count : 0))
  }

  private static func unreadable(_ path: String) -> CommandError {
    CommandError("\(path) cannot be read: \(String(cString: strerror(errno)).lowercased())")
  }

  private static func json(_ data: Data, _ path: String) throws -> [ClassPrompt] {
    do { return try JSONDecoder().decode([Entry].self, from: data).map(\.prompt) } catch {
      throw CommandError("\(path) is not a list of names or of objects with \"name\": \(reason(error))")
    }
  }

  /// `name` or `name = synonym, synonym` on each line that is not empty.
  private static func lines(_ data: Data, _ path: String) throws -> [ClassPrompt] {
    guard let text = String(data: data, encoding: .utf8), !text.contains("\0") else {
      throw CommandError("\(path) is not UTF-8 text")
    }
    let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    return try lines.enumerated().compactMap { index, line in
      guard !line.allSatisfy(\.isWhitespace) else { return nil }
      let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let name = parts[0].trimmingCharacters(in: .whitespaces)
      guard !name.isEmpty else { throw CommandError("\(path) has no name on line \(index + 1)") }
      let synonyms = parts.dropFirst().flatMap { $0.split(separator: ",") }
        .map { $0.trimmingCharacters(in: .whitespaces) }
      return ClassPrompt(name, synonyms: synonyms.filter { !$0.isEmpty })
    }
  }

  /// A name, or an object.
  private struct Entry: Decodable {
    let prompt: ClassPrompt

    private enum Key: CodingKey { case name, phrase, prefix, suffix, synonyms }

    init(from decoder: any Decoder) throws {
      if let name = try? decoder.singleValueContainer().decode(String.self) {
        prompt = ClassPrompt(name)
        return
      }
      let object = try decoder.container(keyedBy: Key.self)
      prompt = ClassPrompt(
        try object.decode(String.self, forKey: .name),
        phrase: try object.decodeIfPresent(String.self, forKey: .phrase),
        prefix: try object.decodeIfPresent(String.self, forKey: .prefix) ?? "",
        suffix: try object.decodeIfPresent(String.self, forKey: .suffix) ?? "",
        synonyms: try object.decodeIfPresent([String].self, forKey: .synonyms) ?? [])
    }
  }
}
