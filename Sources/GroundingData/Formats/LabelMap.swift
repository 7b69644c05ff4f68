import Foundation

/// A file that numbers classes, in any of the forms in use: `{"0": "person"}`, `{"person": 1}`, the latter within
/// `{"label_to_idx": …}`, `["person", …]`, or a name on each line.
enum LabelMap {
  /// The classes that are given, else those of a file, else none.
  ///
  /// - Parameter data: what a message names where the given ones cannot be used
  static func list(
    _ classes: [ObjectClass]?, orIn file: URL?, firstID: Int, of data: URL
  ) throws(DatasetError) -> ClassList {
    guard let classes else { return if let file { try read(file, firstID: firstID) } else { .none } }
    do { return try ClassList(classes) } catch { throw DatasetError(file: data, error.reason) }
  }

  /// - Parameter firstID: of names that come without numbers.
  static func read(_ url: URL, firstID: Int) throws(DatasetError) -> ClassList {
    let file = try AnnotationFile(url)
    do {
      let first = try file.scan(at: file.start) { scanner throws(Fault) in try scanner.peek() }
      guard first == UInt8(ascii: "{") || first == UInt8(ascii: "[") else {
        return try ClassList(names(in: file.text(), firstID: firstID))
      }
      return try file.scan(at: file.start) { scanner throws(Fault) in
        let value = try scanner.value()
        try scanner.expectEnd()
        if case .object(let object) = value { return try ClassList(numbered(object)) }
        return try ClassList(listed(value, firstID: firstID))
      }
    } catch let fault as Fault {
      throw file.error(structure: fault)
    } catch {
      throw error as? DatasetError ?? DatasetError(file: url, "\(error)")
    }
  }

  private static func numbered(_ object: JSONObject) throws(Fault) -> [ObjectClass] {
    if case .object(let inner)? = object["label_to_idx"] { return try numbered(inner) }
    var classes: [ObjectClass] = []
    for (name, value) in object.members {
      switch value {
      case .string(let text):
        guard let id = Int(name) else { throw Fault("the label \(name.quoted) is not a whole number") }
        classes.append(ObjectClass(id: id, name: text))
      default: classes.append(ObjectClass(id: try value.integer(name), name: name))
      }
    }
    return classes
  }

  private static func listed(_ value: JSONValue, firstID: Int) throws(Fault) -> [ObjectClass] {
    guard case .array(let values) = value else { return [] }
    var classes: [ObjectClass] = []
    for case (let index, let value) in values.enumerated() {
      guard case .string(let name) = value else { throw Fault("element \(index + 1) is not a string") }
      classes.append(ObjectClass(id: firstID + index, name: name))
    }
    return classes
  }

  private static func names(in text: String, firstID: Int) -> [ObjectClass] {
    text.split(whereSeparator: \.isNewline)
      .map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
      .enumerated().map { ObjectClass(id: firstID + $0, name: $1) }
  }
}
