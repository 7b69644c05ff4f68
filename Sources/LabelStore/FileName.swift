import Foundation

/// A name that a client gives a picture, made fit to be a file's in an archive that others unpack.
struct FileName: Equatable {
  let text: String

  /// Bytes of UTF-8; systems take 255.
  private static let mostBytes = 160
  /// Characters of an extension, with its dot.
  private static let mostSuffix = 6
  /// What systems take for folders, drives, streams or patterns.
  private static let forbidden = Set("\\/:*?\"<>|".unicodeScalars)

  init(_ given: String) {
    let last = given.split { $0 == "/" || $0 == "\\" }.last ?? ""
    let plain = last.unicodeScalars.map { scalar in
      let isShown =
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned:
          false
        default: true
        }
      return isShown && !Self.forbidden.contains(scalar) ? scalar : "_"
    }
    var text = String(String.UnicodeScalarView(plain)).trimmingCharacters(in: Self.dotsAndSpaces)
    let suffix = Self.suffix(of: text)
    if text.utf8.count > Self.mostBytes {
      while text.utf8.count > Self.mostBytes - suffix.utf8.count { text.removeLast() }
      text = text.trimmingCharacters(in: Self.dotsAndSpaces) + suffix
    }
    self.text = text.isEmpty ? "picture" : text
  }

  private init(text: String) { self.text = text }

  private static let dotsAndSpaces = CharacterSet(charactersIn: ". ")

  private static func suffix(of text: String) -> Substring {
    guard let dot = text.lastIndex(of: "."), dot > text.startIndex, text[dot...].count <= mostSuffix else {
      return ""
    }
    return text[dot...]
  }

  /// The name without its extension.
  var stem: String { String(text.dropLast(Self.suffix(of: text).count)) }

  /// The name with something at the end of its stem.
  func marked(_ mark: some StringProtocol) -> FileName {
    FileName(text: "\(stem)-\(mark)\(Self.suffix(of: text))")
  }
}
