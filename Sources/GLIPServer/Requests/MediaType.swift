/// A Content-Type: `multipart/form-data; boundary="x"`.
struct MediaType: Equatable {
  /// In lower case, without parameters.
  let name: String
  /// By their names in lower case.
  let parameters: [String: String]

  /// Nil for what is no type.
  init?(_ text: String) {
    let parts = Self.split(text)
    let name = parts[0].lowercased()
    let halves = name.split(separator: "/", omittingEmptySubsequences: false)
    guard halves.count == 2, halves.allSatisfy(Self.isToken) else { return nil }
    guard let parameters = Self.parameters(parts.dropFirst()) else { return nil }
    self.name = name
    self.parameters = parameters
  }

  /// The parameters after the first part of a field such as Content-Disposition; nil if they are malformed.
  static func parameters(_ parts: some Sequence<String>) -> [String: String]? {
    var parameters: [String: String] = [:]
    for part in parts where !part.isEmpty {
      guard let equals = part.firstIndex(of: "=") else { return nil }
      let name = part[..<equals].lowercased()
      guard isToken(name[...]), parameters[name] == nil,
        let value = unquoted(part[part.index(after: equals)...])
      else { return nil }
      parameters[name] = value
    }
    return parameters
  }

  /// What stands between semicolons that are not in quotes, without the spaces around it; at least one.
  static func split(_ text: String) -> [String] {
    var parts = [""]
    var isQuoted = false
    var isEscaped = false
    for character in text.unicodeScalars {
      if character == ";", !isQuoted {
        parts.append("")
        continue
      }
      if character == "\"", !isEscaped { isQuoted.toggle() }
      isEscaped = isQuoted && character == "\\" && !isEscaped
      parts[parts.count - 1].unicodeScalars.append(character)
    }
    return parts.map { part in
      let scalars = part.unicodeScalars.drop { $0 == " " || $0 == "\t" }
      return String(
        scalars.lastIndex { $0 != " " && $0 != "\t" }.map { Substring(scalars[...$0]) } ?? "")
    }
  }

  private static func unquoted(_ text: Substring) -> String? {
    guard text.first == "\"" else { return isToken(text) ? String(text) : nil }
    guard text.count >= 2, text.last == "\"" else { return nil }
    var value = ""
    var isEscaped = false
    for character in text.dropFirst().dropLast() {
      if character == "\\", !isEscaped {
        isEscaped = true
      } else {
        value.append(character)
        isEscaped = false
      }
    }
    return isEscaped ? nil : value
  }

  private static func isToken(_ text: Substring) -> Bool {
    !text.isEmpty
      && text.utf8.allSatisfy { byte in
        (0x21...0x7E).contains(byte) && !"()<>@,;:\\\"/[]?={}".utf8.contains(byte)
      }
  }
}
