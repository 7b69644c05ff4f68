import Foundation

/// The fields of one request as they were sent; nil or empty where they were not.
struct RequestFields: Sendable {
  var pictures: [Data] = []
  var classes: [String]?
  var prompt: String?
  var caption: String?
  var threshold: Double?
  var maximumDetections: Int?
  var format: OutputFormat?
}

extension RequestFields {
  /// - Parameters:
  ///   - items: names and values, of a query or a form; a list may be spread over several
  ///   - allowed: names that the operation knows
  init(_ items: [(name: String, value: Data)], allowed: [RequestField]) throws(APIError) {
    var seen: Set<RequestField> = []
    for (name, value) in items {
      guard let field = RequestField(rawValue: name), allowed.contains(field) else {
        throw Self.unknown(name, allowed)
      }
      guard seen.insert(field).inserted || field == .pictures || field == .classes else {
        throw APIError(.invalidField, "The field '\(name)' is given twice.")
      }
      if field.isPicture {
        pictures.append(value)
      } else {
        guard let text = String(validating: value, as: UTF8.self) else {
          throw APIError(.invalidField, "The field '\(name)' is not UTF-8 text.")
        }
        try set(field, to: text)
      }
    }
  }

  private mutating func set(_ field: RequestField, to text: String) throws(APIError) {
    switch field {
    case .picture, .pictures: break
    case .classes: classes = (classes ?? []) + Self.list(text)
    case .prompt: prompt = text
    case .caption: caption = text
    case .threshold: threshold = try Self.value(Double(text), field, "a number")
    case .maximumDetections: maximumDetections = try Self.value(Int(text), field, "a whole number")
    case .format: format = try Self.value(OutputFormat(rawValue: text), field, "json, png or jpeg")
    }
  }

  private static func value<Value>(
    _ value: Value?, _ field: RequestField, _ expected: String
  ) throws(APIError) -> Value {
    guard let value else {
      throw APIError(.invalidField, "The field '\(field.rawValue)' must be \(expected).")
    }
    return value
  }

  fileprivate static func unknown(_ name: String, _ allowed: [RequestField]) -> APIError {
    APIError(
      .invalidField,
      "There is no field '\(name.prefix(40))' here; known are "
        + allowed.map(\.rawValue).joined(separator: ", ") + ".")
  }

  /// Names between commas.
  fileprivate static func list(_ text: String) -> [String] {
    text.split(separator: ",", omittingEmptySubsequences: false).map {
      $0.trimmingCharacters(in: .whitespacesAndNewlines)
    }
  }
}

extension RequestFields {
  /// - Parameter json: an object; pictures are base64 or `data:` URLs
  init(json: Data, allowed: [RequestField]) throws(APIError) {
    let decoder = JSONDecoder()
    decoder.userInfo[JSONFields.allowed] = allowed
    do { self = try decoder.decode(JSONFields.self, from: json).fields } catch {
      throw APIError(decoding: error)
    }
  }
}

/// A JSON object as the fields it holds.
private struct JSONFields: Decodable {
  static let allowed = CodingUserInfoKey(rawValue: "allowed")!
  var fields = RequestFields()

  init(from decoder: any Decoder) throws {
    let allowed = decoder.userInfo[Self.allowed] as? [RequestField] ?? []
    for name in try decoder.container(keyedBy: MemberName.self).allKeys {
      guard let field = RequestField(rawValue: name.stringValue), allowed.contains(field) else {
        throw RequestFields.unknown(name.stringValue, allowed)
      }
    }
    let object = try decoder.container(keyedBy: RequestField.self)
    if object.contains(.picture) {
      fields.pictures = [try Self.picture(object.decode(String.self, forKey: .picture), .picture)]
    }
    if object.contains(.pictures) {
      fields.pictures = try object.decode([String].self, forKey: .pictures).map {
        try Self.picture($0, .pictures)
      }
    }
    if object.contains(.classes) {
      fields.classes =
        if let text = try? object.decode(String.self, forKey: .classes) {
          RequestFields.list(text)
        } else {
          try object.decode([String].self, forKey: .classes)
        }
    }
    func value<Value: Decodable>(_ field: RequestField) throws -> Value? {
      object.contains(field) ? try object.decode(Value.self, forKey: field) : nil
    }
    fields.prompt = try value(.prompt)
    fields.caption = try value(.caption)
    fields.threshold = try value(.threshold)
    if let number: Double = try value(.maximumDetections) {
      // A fraction would be told as broken JSON.
      guard let most = Int(exactly: number) else {
        throw APIError(.invalidField, "The field 'max_detections' must be a whole number.")
      }
      fields.maximumDetections = most
    }
    fields.format = try value(.format)
  }

  private static func picture(_ text: String, _ field: RequestField) throws -> Data {
    // A page has pictures as data:image/png;base64,…
    let code = text.hasPrefix("data:") ? text.drop { $0 != "," }.dropFirst() : text[...]
    guard let data = Data(base64Encoded: String(code)) else {
      throw APIError(.invalidField, "The field '\(field.rawValue)' is not base64.")
    }
    return data
  }
}
