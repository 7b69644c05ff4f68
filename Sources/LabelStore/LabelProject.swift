import Foundation

/// Pictures that are labelled with the same names.
package struct LabelProject: Sendable, Hashable, Encodable {
  package let id: Int
  package let name: String
  /// The names that boxes may have, in the order of their numbers.
  package let labels: [String]
  /// The sentence whose phrases are looked for; where there is none, the labels are.
  package let caption: String?
  /// The network's boxes below this score do not count until somebody has confirmed them.
  package let threshold: Double
  /// In ISO 8601.
  package let created: String
  /// How many pictures are in each state.
  package let pictures: Counts

  package struct Counts: Sendable, Hashable, Encodable {
    package let new, detected, reviewed: Int
  }
}

/// What is said of a project when it is made or changed; what is nil stays as it is.
package struct ProjectSettings: Sendable, Hashable {
  package var name: String?
  /// Labels that boxes have are kept, whether they are listed or not.
  package var labels: [String]?
  /// Empty to look for the labels instead.
  package var caption: String?
  package var threshold: Double?

  package init(
    name: String? = nil, labels: [String]? = nil, caption: String? = nil, threshold: Double? = nil
  ) {
    (self.name, self.labels, self.caption, self.threshold) = (name, labels, caption, threshold)
  }

  /// The same without spaces around anything.
  ///
  /// - Throws: `LabelStoreError.invalid`
  func checked(_ limits: LabelLimits) throws(LabelStoreError) -> ProjectSettings {
    var settings = self
    settings.name = try name.map { (name) throws(LabelStoreError) in
      try Self.name(name, of: "A project", limits)
    }
    settings.labels = try labels.map { (labels) throws(LabelStoreError) in
      guard labels.count <= limits.labels else {
        throw .invalid("A project has at most \(limits.labels) labels.")
      }
      var checked: [String] = []
      for label in labels { checked.append(try Self.name(label, of: "A label", limits)) }
      guard Set(checked).count == checked.count else { throw .invalid("A label is listed twice.") }
      return checked
    }
    settings.caption = caption?.trimmingCharacters(in: .whitespacesAndNewlines)
    guard settings.caption?.unicodeScalars.count ?? 0 <= limits.captionCharacters else {
      throw .invalid("A caption has at most \(limits.captionCharacters) characters.")
    }
    guard threshold.map((0...1).contains) ?? true else { throw .invalid("A threshold is from 0 to 1.") }
    return settings
  }

  static func name(
    _ text: String, of what: String, _ limits: LabelLimits
  ) throws(LabelStoreError) -> String {
    let name = text.trimmingCharacters(in: .whitespacesAndNewlines)
    guard !name.isEmpty, name.unicodeScalars.count <= limits.nameCharacters,
      !name.unicodeScalars.contains(where: { $0.properties.generalCategory == .control })
    else {
      throw .invalid("\(what) has a name of 1 to \(limits.nameCharacters) characters in one line.")
    }
    return name
  }
}
