extension Decoder {
  /// Settings by name, all of which must be known: one that is misspelt would be left at its usual value
  /// otherwise.
  func settings<Key: CodingKey>(_ type: Key.Type) throws -> KeyedDecodingContainer<Key> {
    for key in try container(keyedBy: AnyKey.self).allKeys where Key(stringValue: key.stringValue) == nil {
      throw DecodingError.dataCorrupted(
        .init(
          codingPath: codingPath + [key], debugDescription: "there is no setting '\(key.stringValue)' here"))
    }
    return try container(keyedBy: type)
  }
}

extension KeyedDecodingContainer {
  /// A setting, or its usual value where the file does not mention it.
  func value<Value: Decodable>(_ key: Key, or usual: Value) throws -> Value {
    try decodeIfPresent(Value.self, forKey: key) ?? usual
  }
}

private struct AnyKey: CodingKey {
  let stringValue: String
  var intValue: Int? { nil }

  init(stringValue: String) { self.stringValue = stringValue }
  init?(intValue: Int) { nil }
}
