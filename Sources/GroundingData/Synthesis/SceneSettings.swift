/// Which of the scenes that can be composed: part of a `DatasetDescription`.
public struct SceneSettings: Codable, Sendable, Hashable {
  /// What scenes are made of. The last three are never seen with boxes in training.
  public enum Split: String, Codable, Sendable, CaseIterable {
    /// Base names, in looks and before backgrounds that the others do not have.
    case train
    /// Base names in looks held back, where there are several, before other backgrounds.
    case val
    /// Names held back.
    case novelNames = "novel-names"
    /// Base names in a style held back.
    case novelStyle = "novel-style"
    /// Base names and further ones, for captions without boxes.
    case captions
  }

  /// What is said of a scene; the scene is the same.
  public enum View: String, Codable, Sendable, CaseIterable {
    /// Every object and its class.
    case detection
    /// A sentence, and the objects that it names.
    case grounding
    /// A sentence as the web has them, and no objects.
    case captions
  }

  public var split = Split.train
  public var view = View.detection
  public var seed: UInt64 = 0
  public var count = 100_000
  /// Square root of a picture's area, in pixels.
  public var side = 320
  /// Use no more than so many of the split's names; nil for all.
  public var names: Int?

  public init() {}

  public init(from decoder: any Decoder) throws {
    let settings = try decoder.settings(CodingKeys.self)
    split = try settings.value(.split, or: split)
    view = try settings.value(.view, or: view)
    seed = try settings.value(.seed, or: seed)
    count = try settings.value(.count, or: count)
    side = try settings.value(.side, or: side)
    names = try settings.decodeIfPresent(Int.self, forKey: .names)
  }

  func validate() throws(SettingError) {
    try SettingError.check("number of scenes", count, atLeast: 1)
    try SettingError.check("side of a scene", side, atLeast: 64, atMost: 2048)
    if let names { try SettingError.check("number of names", names, atLeast: 1) }
  }
}
