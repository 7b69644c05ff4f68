import Foundation
import GLIP

/// Why a command cannot do what it was asked, where the libraries have no word for it.
struct CommandError: Error {
  let message: String

  init(_ message: String) { self.message = message }

  /// Says where an error happened, unless its own text does.
  init(_ error: any Error, at path: String) {
    let text = reason(error)
    message = text.contains(path) ? text : "\(path): \(text)"
  }
}

/// What an error says: one sentence without its full stop.
func reason(_ error: any Error) -> String {
  switch error {
  case let error as CommandError: withoutFullStop(error.message)
  case let error as PromptError: capitalized(withoutFullStop(error.description))
  case let error as TaggerError: capitalized(withoutFullStop(error.description))
  case let error as DecodingError: withoutFullStop(describe(error))
  case let error as CocoaError where error.underlying is POSIXError: systemReason(error)
  case let error as any LocalizedError: withoutFullStop(error.errorDescription ?? "\(error)")
  default: withoutFullStop((error as NSError).localizedDescription)
  }
}

/// One line without its full stop.
func withoutFullStop(_ text: String) -> String {
  let line = text.split(whereSeparator: \.isNewline).joined(separator: " ")
  return line.hasSuffix(".") && !line.hasSuffix("..") ? String(line.dropLast()) : line
}

private func capitalized(_ text: String) -> String { text.prefix(1).uppercased() + text.dropFirst() }

private func systemReason(_ error: CocoaError) -> String {
  guard let code = (error.underlying as? POSIXError)?.code else { return error.localizedDescription }
  return String(cString: strerror(code.rawValue)).lowercased()
}

/// What is wrong in a JSON file, and where.
private func describe(_ error: DecodingError) -> String {
  func at(_ context: DecodingError.Context, _ text: String) -> String {
    let place = context.codingPath.map { $0.intValue.map { "element \($0 + 1)" } ?? "'\($0.stringValue)'" }
    return (place + [text]).joined(separator: ": ")
  }
  switch error {
  case .keyNotFound(let key, let context): return at(context, "there is no '\(key.stringValue)'")
  case .typeMismatch(_, let context), .valueNotFound(_, let context):
    return at(context, "it has the wrong type")
  case .dataCorrupted(let context):
    let cause = (context.underlyingError as NSError?)?.userInfo[NSDebugDescriptionErrorKey] as? String
    return at(context, cause ?? "it is not valid JSON")
  @unknown default: return "it is malformed"
  }
}
