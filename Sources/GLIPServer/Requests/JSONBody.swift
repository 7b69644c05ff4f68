import Foundation

/// A JSON object that a request may carry.
protocol JSONBody: Decodable, Sendable {
  /// The names of its members; others are refused.
  static var members: [String] { get }
}

extension JSONBody {
  /// - Throws: `APIError` for what is no such object.
  init(json: Data) throws(APIError) {
    do { self = try JSONDecoder().decode(KnownMembers<Self>.self, from: json).body } catch {
      throw APIError(decoding: error)
    }
  }
}

/// An object that has no members but those its type knows.
struct KnownMembers<Body: JSONBody>: Decodable {
  let body: Body

  init(from decoder: any Decoder) throws {
    for name in try decoder.container(keyedBy: MemberName.self).allKeys
    where !Body.members.contains(name.stringValue) {
      throw APIError(
        .invalidField,
        "There is no field '\(name.stringValue.prefix(40))' here; known are "
          + Body.members.joined(separator: ", ") + ".")
    }
    body = try Body(from: decoder)
  }
}

/// Whatever an object's member is called.
struct MemberName: CodingKey {
  let stringValue: String
  var intValue: Int? { nil }
  init(stringValue: String) { self.stringValue = stringValue }
  init?(intValue: Int) { nil }
}

extension APIError {
  /// What a client is told of JSON that is not what was expected.
  init(decoding error: any Error) {
    self =
      switch error {
      case let error as APIError: error
      case DecodingError.keyNotFound(let key, _):
        APIError(.invalidField, "The field '\(key.stringValue)' is missing.")
      case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context),
        DecodingError.dataCorrupted(let context):
        context.codingPath.first.map { field in
          APIError(
            .invalidField, "The field '\(field.stringValue.prefix(40))' has a value of the wrong type.")
        } ?? APIError(.malformedRequest, "The body is not a JSON object.")
      default: APIError(.malformedRequest, "The body is not valid JSON.")
      }
  }
}
