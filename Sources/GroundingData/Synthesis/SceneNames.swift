import Foundation

/// A name, and the pictures of what it names.
package struct SceneName: Sendable, Hashable {
  package enum Group: String, Sendable {
    case base, novel
    /// Only in captions that come without boxes.
    case captions
  }

  /// One picture of it.
  package struct Look: Sendable, Hashable {
    /// Who drew it: the folder of the materials.
    package var style: String
    /// In that folder; for a font, code points as "1F408-200D".
    package var file: String
    /// Whether it is kept from training.
    package var isHeldOut: Bool
    /// Position in the store of pixels.
    package var picture: Int

    package init(style: String, file: String, isHeldOut: Bool, picture: Int) {
      (self.style, self.file, self.isHeldOut, self.picture) = (style, file, isHeldOut, picture)
    }
  }

  package var group: Group
  package var name: String
  /// What several are called; nil where it is not counted, and where the name is a plural already.
  package var plural: String?
  /// Whether the name is a plural, as "scissors" is.
  package var isPair: Bool
  package var looks: [Look]

  package init(group: Group, name: String, plural: String?, isPair: Bool = false, looks: [Look]) {
    (self.group, self.name, self.plural, self.isPair, self.looks) = (group, name, plural, isPair, looks)
  }

  /// The style that is never trained on.
  package static let novelStyle = "twemoji"

  /// The looks that scenes of a split may show; none where the split lacks the name.
  package func looks(in split: SceneSettings.Split) -> [Look] {
    let drawn = looks.filter { $0.style != Self.novelStyle }
    let heldOut = drawn.filter(\.isHeldOut)
    switch (split, group) {
    case (.train, .base), (.captions, .base), (.captions, .captions): return drawn.filter { !$0.isHeldOut }
    case (.val, .base): return heldOut.isEmpty ? drawn : heldOut
    case (.novelNames, .novel): return drawn
    case (.novelStyle, .base): return looks.filter { $0.style == Self.novelStyle }
    default: return []
    }
  }

  /// Lines of split, name, plural and looks with tabs between; see the file's own head.
  ///
  /// - Throws: `DatasetError` naming the line.
  static func read(_ url: URL) throws(DatasetError) -> [SceneName] {
    var names: [SceneName] = []
    var count = 0
    for (place, parts) in try SceneMaterials.lines(of: url, parts: 4) {
      guard let group = Group(rawValue: parts[0]) else {
        throw DatasetError(file: url, place: place, "\(parts[0].quoted) is no split of names")
      }
      var looks: [Look] = []
      for text in parts[3].split(separator: " ") {
        let pair = text.split(separator: ":", maxSplits: 1)
        guard pair.count == 2 else { throw DatasetError(file: url, place: place, "a look has no style") }
        let isHeldOut = pair[1].hasSuffix("*")
        let file = String(isHeldOut ? pair[1].dropLast() : pair[1]).replacing("%20", with: " ")
        looks.append(Look(style: String(pair[0]), file: file, isHeldOut: isHeldOut, picture: count))
        count += 1
      }
      names.append(
        SceneName(
          group: group, name: parts[1], plural: ["-", "="].contains(parts[2]) ? nil : parts[2],
          isPair: parts[2] == "=", looks: looks))
    }
    return names
  }
}
