import Foundation

/// The character classes of BERT's uncased tokenizer.
///
/// The released tokenizer sorts characters with Unicode 8 tables and decomposes them with Unicode 9
/// tables. Swift's tables are newer and differ between systems, so characters younger than those
/// tables are treated as they are there: of no category, not decomposed, of combining class 0.
enum BERTCharacters {
  /// Whether cleaning deletes the character: NUL, U+FFFD, control, format and private-use characters.
  static func isDeleted(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x09, 0x0A, 0x0D: return false
    case 0xFFFD: return true
    case 0..<0x80: return scalar.value < 0x20 || scalar.value == 0x7F
    default: break
    }
    switch scalar.properties.generalCategory {
    case .control, .privateUse: return true
    case .format: return isAssigned(scalar, by: categories)
    default: return false
    }
  }

  static func isWhitespace(_ scalar: Unicode.Scalar) -> Bool {
    guard scalar.isASCII else { return scalar.properties.isWhitespace }
    return scalar == " " || 0x09...0x0D ~= scalar.value
  }

  /// Whether the character is a word of its own. All ASCII that is neither letter nor digit is.
  static func isPunctuation(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E: return true
    case 0..<0x80: return false
    case 0x166D, 0x111C9: return true  // Punctuation in Unicode 8; a symbol and a mark since.
    default: break
    }
    switch scalar.properties.generalCategory {
    case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation,
      .initialPunctuation, .finalPunctuation, .otherPunctuation:
      return isAssigned(scalar, by: categories)
    default: return false
    }
  }

  /// Whether the character is an accent that is dropped after decomposition.
  static func isAccent(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x300: return false
    case 0x1734, 0x1171E: return true  // Nonspacing in Unicode 8 only.
    case 0x1885, 0x1886, 0xA9BD, 0x111C9: return false  // Nonspacing only after Unicode 8.
    default:
      return scalar.properties.generalCategory == .nonspacingMark
        && isAssigned(scalar, by: categories)
    }
  }

  /// Whether the character gets spaces around it: the CJK ideograph blocks, as listed in the released
  /// tokenizer. Its block E starts at U+2B920 (Unicode's at U+2B820), which is kept.
  static func isIdeograph(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x4E00...0x9FFF, 0x3400...0x4DBF, 0x20000...0x2A6DF, 0x2A700...0x2B73F, 0x2B740...0x2B81F,
      0x2B920...0x2CEAF, 0xF900...0xFAFF, 0x2F800...0x2FA1F:
      return true
    default: return false
    }
  }

  /// The canonical decomposition (NFD) of one character.
  static func decomposition(of scalar: Unicode.Scalar) -> String.UnicodeScalarView {
    let text = String(scalar)
    guard scalar.value >= 0xC0, isAssigned(scalar, by: normalization) else { return text.unicodeScalars }
    return text.decomposedStringWithCanonicalMapping.unicodeScalars
  }

  /// The canonical combining class, by which decomposed marks are ordered.
  static func combiningClass(of scalar: Unicode.Scalar) -> UInt8 {
    guard scalar.value >= 0x300, isAssigned(scalar, by: normalization) else { return 0 }
    return scalar.properties.canonicalCombiningClass.rawValue
  }

  private static let categories = (major: 8, minor: 0)
  private static let normalization = (major: 9, minor: 0)

  private static func isAssigned(_ scalar: Unicode.Scalar, by version: (major: Int, minor: Int)) -> Bool {
    guard let age = scalar.properties.age else { return false }
    return age <= version
  }
}
