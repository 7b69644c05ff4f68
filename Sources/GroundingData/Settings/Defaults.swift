extension KeyedDecodingContainer {
  /// A setting, or its usual value where the file does not mention it.
  func value<Value: Decodable>(_ key: Key, or usual: Value) throws -> Value {
    try decodeIfPresent(Value.self, forKey: key) ?? usual
  }

  /// The same for a setting that may be null.
  func value<Value: Decodable>(_ key: Key, or usual: Value?) throws -> Value? {
    contains(key) ? try decodeIfPresent(Value.self, forKey: key) : usual
  }
}
