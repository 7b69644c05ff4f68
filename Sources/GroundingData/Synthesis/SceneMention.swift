/// What a caption may call one or several objects of a scene.
struct SceneMention: Sendable {
  /// Without an article: "large red car", "two cats".
  var phrase: String
  /// What comes before it: "a", "an", or nothing where it is counted or cannot be.
  var article: String
  /// Positions of the objects.
  var objects: [Int]
  var isPlural: Bool
  /// What it is called the second time: "red car", "cats".
  var short: String

  var withArticle: (before: String, phrase: String) { (article.isEmpty ? "" : article + " ", phrase) }

  /// All that there is to tell of: each object is in one mention, and no mention fits an object that is not in it.
  static func all(
    of scene: Scene, _ entries: [SceneComposer.Entry], using generator: inout SeededGenerator
  ) -> [SceneMention] {
    var mentions: [SceneMention] = []
    let groups = Dictionary(grouping: scene.objects.indices) { scene.objects[$0].name }
    for (name, objects) in groups.sorted(by: { $0.key < $1.key }) {
      let entry = entries[name].name
      let colors = objects.map { scene.objects[$0].color }
      if objects.count == 1 {
        mentions.append(one(objects[0], entry, of: scene, using: &generator))
      } else if Set(colors).count == objects.count, !colors.contains(nil), entry.isColorable,
        entry.plural != nil, generator.chance(0.6)
      {
        for object in objects {
          let phrase = "\(scene.objects[object].color?.word ?? "") \(entry.name)"
          mentions.append(
            SceneMention(
              phrase: phrase, article: phrase.article, objects: [object], isPlural: false, short: phrase))
        }
      } else {
        mentions.append(several(objects, entry, colors, using: &generator))
      }
    }
    return mentions
  }

  private static func one(
    _ object: Int, _ entry: SceneName, of scene: Scene, using generator: inout SeededGenerator
  ) -> SceneMention {
    let (hasColor, hasSize) = (generator.chance(0.5), generator.chance(0.35))
    var short = entry.name
    if hasColor, entry.isColorable, let color = scene.objects[object].color {
      short = "\(color.word) \(short)"
    }
    var phrase = short
    if hasSize, let size = scene.sizeWord(of: object, using: &generator) { phrase = "\(size) \(phrase)" }
    return SceneMention(
      phrase: phrase, article: entry.plural == nil ? "" : phrase.article, objects: [object],
      isPlural: entry.isPair, short: short)
  }

  private static func several(
    _ objects: [Int], _ entry: SceneName, _ colors: [ColorName?], using generator: inout SeededGenerator
  ) -> SceneMention {
    let numbers = ["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
    let isColored = generator.chance(0.5) && Set(colors).count == 1 && entry.isColorable
    let color = isColored ? colors[0].map { "\($0.word) " } ?? "" : ""
    let things = color + (entry.plural ?? entry.name)
    let isVague = objects.count > 2 && generator.chance(0.15)
    let number = isVague ? "several" : numbers[min(objects.count - 2, numbers.count - 1)]
    // Neither "two scissors" nor "two bread" is said.
    let phrase = entry.plural == nil ? things : "\(number) \(things)"
    return SceneMention(
      phrase: phrase, article: "", objects: objects, isPlural: entry.plural != nil || entry.isPair,
      short: things)
  }
}

extension SceneName {
  /// Whether a colour may stand before the name: it has none yet, and is of no people, where it would be taken for
  /// another's.
  var isColorable: Bool {
    !name.split(separator: " ").contains { word in
      Self.colorWords.contains(String(word)) || Self.peopleWords.contains(String(word))
    }
  }

  private static let colorWords = Set(
    ColorName.allCases.map(\.word) + ["grey", "gold", "silver", "bronze", "golden", "rainbow"])

  private static let peopleWords: Set = [
    "angel", "artist", "astronaut", "baby", "boy", "claus", "cook", "detective", "doctor", "elf", "fairy",
    "farmer",
    "firefighter", "genie", "girl", "guard", "head", "jockey", "judge", "king", "mage", "man", "mechanic",
    "mermaid",
    "merman", "ninja", "nurse", "officer", "paratrooper", "people", "person", "pilot", "prince", "princess",
    "scientist",
    "singer", "skier", "snowboarder", "student", "superhero", "supervillain", "teacher", "vampire", "woman",
    "worker",
    "zombie",
  ]
}

extension Scene {
  /// How large an object is in the picture, where it is so without doubt.
  func sizeWord(of object: Int, using generator: inout SeededGenerator) -> String? {
    let box = objects[object].box
    let share = (box.width * box.height / Double(size.width * size.height)).squareRoot()
    if share > 0.42 { return ["large", "big", "huge"].randomElement(using: &generator) }
    if share < 0.15 { return ["small", "little", "tiny"].randomElement(using: &generator) }
    return nil
  }
}

extension String {
  /// "a" or "an", by how the first word sounds.
  var article: String {
    let lower = lowercased()
    for sound in ["uni", "us", "eu", "one", "ukulele", "u-"] where lower.hasPrefix(sound) { return "a" }
    for sound in ["hour", "honest", "x-"] where lower.hasPrefix(sound) { return "an" }
    return "aeiou".contains(lower.prefix(1)) ? "an" : "a"
  }
}
