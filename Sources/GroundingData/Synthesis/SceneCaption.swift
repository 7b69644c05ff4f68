/// A sentence about a scene, and which of its words name which objects.
struct SceneCaption: Sendable, Hashable {
  private(set) var text = ""
  /// By object: words that name it, in Unicode scalars.
  private(set) var spans: [Int: [Range<Int>]] = [:]

  /// What someone would say who was asked what is to be seen.
  static func grounding(
    _ scene: Scene, _ entries: [SceneComposer.Entry], using generator: inout SeededGenerator
  ) -> SceneCaption {
    var caption = SceneCaption()
    let mentions = SceneMention.all(of: scene, entries, using: &generator).shuffled(using: &generator)
    guard !mentions.isEmpty else {
      caption.text = "nothing but a background"
      return caption
    }
    // More than these would be a list; what is not mentioned is to be seen all the same.
    var rest = mentions.prefix(Int.random(in: 3...6, using: &generator))[...]
    var told: [SceneMention] = []
    while let mention = rest.popFirst() {
      if !caption.text.isEmpty { caption.text += ". " }
      let other = rest.first ?? told.randomElement(using: &generator)
      if let other, let relation = relation(mention, other, scene, using: &generator), generator.chance(0.7) {
        let isNew = !rest.isEmpty
        if isNew { rest.removeFirst() }
        caption.tell(mention, relation, other, isNew: isNew, using: &generator)
        told += isNew ? [mention, other] : [mention]
      } else {
        let further = rest.prefix(Int.random(in: 0...2, using: &generator))
        rest = rest.dropFirst(further.count)
        caption.list([mention] + further, using: &generator)
        told += [mention] + further
      }
      if told.count >= 3, generator.chance(0.4) { break }
    }
    if generator.chance(0.5) { caption.text += "." }
    return caption
  }

  /// What stands beside a picture on the web: some of what is to be seen, among other words.
  static func web(
    _ scene: Scene, _ entries: [SceneComposer.Entry], using generator: inout SeededGenerator
  ) -> SceneCaption {
    var caption = SceneCaption()
    let mentions = SceneMention.all(of: scene, entries, using: &generator).shuffled(using: &generator)
    caption.text = webOpenings.randomElement(using: &generator) ?? ""
    let hasArticles = generator.chance(0.5)
    let count = Int.random(in: 1...4, using: &generator)
    for (index, mention) in mentions.prefix(count).enumerated() {
      if index > 0 {
        caption.text += [", ", " and ", " with ", " - "].randomElement(using: &generator) ?? " "
      }
      if hasArticles { caption.text += mention.withArticle.before }
      caption.name(mention.objects, mention.phrase)
    }
    caption.text += webEndings.randomElement(using: &generator) ?? ""
    return caption
  }

  private static let webOpenings = [
    "", "", "", "photo of ", "picture: ", "new! ", "download ", "my day: ", "image of ", "look, ",
  ]
  private static let webEndings = [
    "", "", "", " | free download", " stock photo", ", 2019", " (edited)", " - best of the year", "!",
    " on the web",
  ]

  private mutating func list(_ mentions: [SceneMention], using generator: inout SeededGenerator) {
    let verb = mentions[0].isPlural ? "are" : "is"
    let openings = [
      "", "", "there \(verb) ", "we see ", "a picture of ", "a photo with ", "this picture shows ",
      "here \(verb) ",
    ]
    text += openings.randomElement(using: &generator) ?? ""
    for (index, mention) in mentions.enumerated() {
      if index > 0 { text += index == mentions.count - 1 ? " and " : ", " }
      text += mention.withArticle.before
      name(mention.objects, mention.phrase)
    }
  }

  private mutating func tell(
    _ one: SceneMention, _ relation: SceneRelation, _ other: SceneMention, isNew: Bool,
    using generator: inout SeededGenerator
  ) {
    let words = relation.words.randomElement(using: &generator) ?? ""
    text += one.withArticle.before
    name(one.objects, one.phrase)
    text += generator.chance(0.5) ? " \(words) " : " \(one.isPlural ? "are" : "is") \(words) "
    if isNew {
      text += other.withArticle.before
      name(other.objects, other.phrase)
    } else {
      text += "the "
      name(other.objects, other.short)
    }
  }

  private static func relation(
    _ one: SceneMention, _ other: SceneMention, _ scene: Scene, using generator: inout SeededGenerator
  ) -> SceneRelation? {
    SceneRelation.allCases.shuffled(using: &generator).first {
      $0.holds(one.objects, other.objects, in: scene)
    }
  }

  /// Adds words that name objects.
  private mutating func name(_ objects: [Int], _ words: String) {
    let start = text.unicodeScalars.count
    text += words
    for object in objects { spans[object, default: []].append(start..<text.unicodeScalars.count) }
  }
}
