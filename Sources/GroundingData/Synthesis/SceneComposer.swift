import Pictures

/// Thinks scenes out: what stands where, how large, in what light.
struct SceneComposer: Sendable {
  /// A name of the split, and the looks that may be shown.
  struct Entry: Sendable {
    var name: SceneName
    var looks: [SceneName.Look]
  }

  let entries: [Entry]
  private let settings: SceneSettings
  private let pixels: PixelStore
  private let backgrounds: [Int]

  /// What is hidden of an object at most, and what is outside of the picture at most, as shares.
  private static let (mostHidden, mostOutside) = (0.5, 0.25)
  /// Seen of an object at least, in pixels.
  private static let leastVisible = 60
  /// Shapes of pictures, width by height.
  private static let shapes: [Float] = [1, 1, 4.0 / 3, 4.0 / 3, 3.0 / 4, 3.0 / 2, 2.0 / 3, 1.2]

  /// - Throws: `DatasetError` where there is nothing to compose.
  init(_ materials: SceneMaterials, _ settings: SceneSettings) throws(DatasetError) {
    var entries: [Entry] = []
    for name in materials.names {
      let looks = name.looks(in: settings.split)
      if !looks.isEmpty { entries.append(Entry(name: name, looks: looks)) }
    }
    if let limit = settings.names, limit < entries.count {
      var generator = SeededGenerator(seed: 0)
      entries = generator.choose(limit, of: entries.count).sorted().map { entries[$0] }
    }
    let isTraining = settings.split == .train || settings.split == .captions
    let backgrounds = isTraining ? materials.backgrounds.train : materials.backgrounds.val
    guard !entries.isEmpty, !backgrounds.isEmpty else {
      throw DatasetError(
        file: materials.folder, "it has nothing to compose scenes of '\(settings.split.rawValue)' from")
    }
    (self.entries, self.settings, self.backgrounds) = (entries, settings, backgrounds)
    pixels = materials.pixels
  }

  /// Random numbers of a scene, the same for all views of it.
  func generator(_ index: Int, _ purpose: Int) -> SeededGenerator {
    let split = SceneSettings.Split.allCases.firstIndex(of: settings.split) ?? 0
    return SeededGenerator(seed: settings.seed, split, index, purpose)
  }

  func size(of index: Int) -> Record.Size {
    var generator = generator(index, 0)
    let shape = Self.shapes.randomElement(using: &generator) ?? 1
    let side = Float(settings.side)
    return Record.Size(
      width: Int((side * shape.squareRoot()).rounded()), height: Int((side / shape.squareRoot()).rounded()))
  }

  func scene(_ index: Int) -> Scene {
    var generator = generator(index, 1)
    let size = size(of: index)
    let background = background(size, using: &generator)
    var scene = Scene(size: size, background: background, objects: [], seed: self.generator(index, 2))
    var visibility = Visibility(size)
    // Few objects more often than many.
    let wanted = min(Int.random(in: 1...10, using: &generator), Int.random(in: 1...10, using: &generator))
    var used: Set<Int> = []
    while scene.objects.count < wanted {
      let name = Int.random(in: 0..<entries.count, using: &generator)
      guard used.insert(name).inserted else { break }
      let isCounted = entries[name].name.plural != nil || entries[name].name.isPair
      let several = isCounted && generator.chance(0.3) ? Int.random(in: 2...4, using: &generator) : 1
      let side = objectSide(size, wanted: max(wanted, several), using: &generator)
      let look = entries[name].looks.randomElement(using: &generator) ?? entries[name].looks[0]
      let areAlike = generator.chance(0.6)
      let tint = self.tint(of: entries[name].name, using: &generator)
      for _ in 0..<min(several, wanted - scene.objects.count) {
        let own = areAlike ? look : entries[name].looks.randomElement(using: &generator) ?? look
        let ownTint = areAlike ? tint : self.tint(of: entries[name].name, using: &generator)
        place(
          name, own, ownTint, side: side * Float.random(in: 0.8...1.25, using: &generator), in: &scene,
          &visibility, using: &generator)
      }
    }
    let boxes = visibility.boxes(count: scene.objects.count)
    for index in scene.objects.indices { scene.objects[index].box = boxes[index] ?? scene.objects[index].box }
    return scene
  }

  /// Adds an object where it hides no other too much, if there is such a place.
  private func place(
    _ name: Int, _ look: SceneName.Look, _ tint: ColorName?, side: Float, in scene: inout Scene,
    _ visibility: inout Visibility, using generator: inout SeededGenerator
  ) {
    guard let raster = pixels[look.picture] else { return }
    let scale = side / Float(max(raster.width, raster.height))
    let stretch = Float.random(in: 0.9...1.1, using: &generator)
    let isMirrored = generator.chance(0.5)
    let angle = generator.chance(0.2) ? Float(0.9) : 0.3
    let warmth = Float.random(in: -0.05...0.05, using: &generator)
    let light = Float.random(in: 0.85...1.1, using: &generator)
    let pose = Sprite.Pose(
      scale: [(isMirrored ? -scale : scale) * stretch, scale / stretch],
      angle: Float.random(in: -angle...angle, using: &generator),
      // Half way to the light that its surroundings are in.
      light: (scene.background.light + 1) * 0.5 * SIMD4(light + warmth, light, light - warmth, 1), tint: tint)
    var sprite = Sprite(raster, pose)
    guard sprite.solidCount >= Self.leastVisible else { return }
    // Mostly a place beside the others is looked for at first.
    let tidyAttempts = generator.chance(0.7) ? 7 : 0
    for attempt in 0..<14 {
      sprite.x = Self.position(sprite.width, scene.size.width, using: &generator)
      sprite.y = Self.position(sprite.height, scene.size.height, using: &generator)
      let (own, hidden) = visibility.hidden(by: sprite)
      guard Double(own) >= (1 - Self.mostOutside) * Double(sprite.solidCount) else { continue }
      let allowed = attempt < tidyAttempts ? 0.08 : Self.mostHidden
      let fits = hidden.allSatisfy { index, count in
        let rest = scene.objects[index].visible - count
        return Double(rest) >= (1 - allowed) * Double(scene.objects[index].whole) && rest >= Self.leastVisible
          || count == 0
      }
      guard fits else { continue }
      var object = Scene.Object(
        name: name, look: look, sprite: sprite, color: tint ?? raster.color,
        box: CornerBox(x0: 0, y0: 0, x1: 0, y1: 0), visible: own, whole: own)
      for (index, count) in hidden {
        scene.objects[index].visible -= count
        if count * 8 >= scene.objects[index].whole { object.covers.insert(index) }
      }
      visibility.put(sprite, as: scene.objects.count)
      scene.objects.append(object)
      return
    }
  }

  /// A first pixel such that the middle of a sprite is in the picture.
  private static func position(_ length: Int, _ room: Int, using generator: inout SeededGenerator) -> Int {
    let slack = length / 5
    let last = max(room - length + slack, -slack)
    return Int.random(in: -slack...last, using: &generator)
  }

  /// The longer side of an object, in pixels: small ones are as many as large ones on a scale of powers.
  private func objectSide(_ size: Record.Size, wanted: Int, using generator: inout SeededGenerator) -> Float {
    let room = Float(min(size.width, size.height))
    let least = max(24, room * 0.12)
    let most = room * max(0.26, 0.85 / Float(wanted).squareRoot())
    // The square root of a uniform number leans to the larger ones, which are few otherwise.
    let share = Float.random(in: 0...1, using: &generator).squareRoot()
    return least + (most - least) * share * Float.random(in: 0.65...1, using: &generator)
  }

  /// Nil where a thing keeps its colours.
  private func tint(of name: SceneName, using generator: inout SeededGenerator) -> ColorName? {
    let isTinted = generator.chance(0.15)
    let tint = ColorName.tints.randomElement(using: &generator)
    return isTinted && name.isColorable ? tint : nil
  }

  private func background(
    _ size: Record.Size, using generator: inout SeededGenerator
  ) -> Scene.Background {
    let raster =
      backgrounds.randomElement(using: &generator).flatMap { pixels[$0] }
      ?? backgrounds.compactMap { pixels[$0] }[0]
    // The largest part of the picture's shape that there is, and down to a third of it.
    let shape = Float(size.width) / Float(size.height)
    let whole = min(Float(raster.width), Float(raster.height) * shape)
    let width = whole * Float.random(in: 0.34...1, using: &generator)
    let height = width / shape
    let light = Float.random(in: 0.85...1.3, using: &generator)
    let warmth = Float.random(in: -0.08...0.08, using: &generator)
    return Scene.Background(
      raster: raster, x: Float.random(in: 0...max(0, Float(raster.width) - width), using: &generator),
      y: Float.random(in: 0...max(0, Float(raster.height) - height), using: &generator), width: width,
      height: height, isMirrored: generator.chance(0.5),
      light: [light + warmth, light, light - warmth, 1])
  }
}
