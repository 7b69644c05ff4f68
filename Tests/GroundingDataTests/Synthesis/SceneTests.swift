import Foundation
import GroundingData
import Pictures
import Synchronization
import Testing

/// Scenes of cut-outs that are drawn here.
struct SceneTests {
  private func withDataset(
    _ view: SceneSettings.View = .detection, _ split: SceneSettings.Split = .train, count: Int = 200,
    _ body: (SyntheticDataset) throws -> Void
  ) throws {
    let own = try OwnMaterials()
    defer { own.remove() }
    var settings = SceneSettings()
    (settings.view, settings.split, settings.count, settings.side) = (view, split, count, 200)
    try body(try SyntheticDataset(own.materials, settings))
  }

  @Test func `A scene is the same whatever thread asks for it, and when`() throws {
    try withDataset { dataset in
      let alone = try (0..<40).map { try dataset.record(at: $0) }
      let bytes = try alone.map { try $0.picture.load() }
      let others = Mutex([Int: (Record, Picture)]())
      DispatchQueue.concurrentPerform(iterations: 40) { position in
        let index = 39 - position
        guard let record = try? dataset.record(at: index), let picture = try? record.picture.load() else {
          return
        }
        others.withLock { $0[index] = (record, picture) }
      }
      let all = others.withLock { $0 }
      for index in 0..<40 {
        #expect(all[index]?.0 == alone[index])
        #expect(all[index]?.1 == bytes[index])
      }
    }
  }

  @Test func `Another seed gives other scenes, another view the same ones`() throws {
    let own = try OwnMaterials()
    defer { own.remove() }
    func dataset(_ seed: UInt64, _ view: SceneSettings.View) throws -> SyntheticDataset {
      var settings = SceneSettings()
      (settings.seed, settings.view, settings.side, settings.count) = (seed, view, 128, 10)
      return try SyntheticDataset(own.materials, settings)
    }
    let (first, second) = (try dataset(1, .detection), try dataset(2, .detection))
    let grounding = try dataset(1, .grounding)
    for index in 0..<10 {
      let picture = try first.record(at: index).picture.load()
      #expect(try grounding.record(at: index).picture.load() == picture)
      #expect(try second.record(at: index).picture.load() != picture)
    }
  }

  @Test func `Boxes are around what is seen of each object, and enough of it is seen`() throws {
    try withDataset { dataset in
      for index in 0..<dataset.count {
        let scene = dataset.scene(at: index)
        let (width, height) = (scene.size.width, scene.size.height)
        // Painted from behind, pixel by pixel: the last to cover a pixel has it.
        var owners = [Int?](repeating: nil, count: width * height)
        var whole = [Int](repeating: 0, count: scene.objects.count)
        for (position, object) in scene.objects.enumerated() {
          let sprite = object.sprite
          for y in 0..<sprite.height {
            for x in 0..<sprite.width where sprite.pixels[4 * (y * sprite.width + x) + 3] >= 128 {
              let (column, row) = (sprite.x + x, sprite.y + y)
              guard (0..<width).contains(column), (0..<height).contains(row) else { continue }
              owners[row * width + column] = position
              whole[position] += 1
            }
          }
        }
        for (position, object) in scene.objects.enumerated() {
          let seen = owners.indices.filter { owners[$0] == position }
          #expect(2 * seen.count >= whole[position] && seen.count == object.visible)
          let (columns, rows) = (seen.map { $0 % width }, seen.map { $0 / width })
          let box = CornerBox(
            x0: Double(columns.min() ?? -1), y0: Double(rows.min() ?? -1), x1: Double(columns.max() ?? -1),
            y1: Double(rows.max() ?? -1))
          #expect(object.box == box)
        }
        let record = try dataset.record(at: index)
        #expect(record.objects.map(\.box) == scene.objects.map(\.box))
        #expect(
          record.objects.map { dataset.classes[$0.classIndex ?? 0].name }
            == scene.objects.map { dataset.sceneNames[$0.name].name })
        #expect(record.size == dataset.size(at: index))
      }
    }
  }

  @Test func `A picture has the size that its record tells`() throws {
    try withDataset { dataset in
      for index in 0..<10 {
        let record = try dataset.record(at: index)
        let picture = try record.picture.load()
        #expect(record.size == Record.Size(width: picture.width, height: picture.height))
      }
    }
  }

  @Test func `The words of a caption name the objects that they are tied to, all of them`() throws {
    try withDataset(.grounding) { dataset in
      var (counted, colored, related) = (0, 0, 0)
      for index in 0..<dataset.count {
        let (record, scene) = (try dataset.record(at: index), dataset.scene(at: index))
        guard case .caption(let caption) = record.text else { continue }
        let scalars = Array(caption.unicodeScalars)
        var tied: [String: [Scene.Object]] = [:]
        for object in record.objects {
          let shown = try #require(scene.objects.first { $0.box == object.box })
          let name = dataset.sceneNames[shown.name]
          #expect(!object.spans.isEmpty)
          for span in object.spans {
            let phrase = String(String.UnicodeScalarView(scalars[span]))
            #expect(phrase.hasSuffix(name.name) || phrase.hasSuffix(name.plural ?? name.name))
            tied["\(span.lowerBound) \(phrase)", default: []].append(shown)
          }
        }
        for (key, objects) in tied {
          let words = key.split(separator: " ").dropFirst().map(String.init)
          if let number = ["two", "three", "four"].firstIndex(of: words[0]) {
            counted += 1
            #expect(objects.count == number + 2, "\(caption)")
            // None is left out of the count, unless its colour sets it apart.
            #expect(scene.objects.count { $0.name == objects[0].name } == objects.count, "\(caption)")
          }
          for word in words.dropLast() where ["red", "blue", "yellow", "green", "purple"].contains(word) {
            colored += 1
            #expect(objects.allSatisfy { $0.color?.word == word })
          }
        }
        if caption.contains(" left of ") { related += 1 }
      }
      #expect(counted > 10 && colored > 10 && related > 0)
    }
  }

  @Test func `Colours that captions tell of are those of the painted pixels`() throws {
    try withDataset(.grounding) { dataset in
      for index in 0..<40 {
        let (record, scene) = (try dataset.record(at: index), dataset.scene(at: index))
        let picture = try record.picture.load()
        for object in scene.objects where object.visible == object.whole {
          guard let color = object.color else { continue }
          let (x, y) = (Int((object.box.x0 + object.box.x1) / 2), Int((object.box.y0 + object.box.y1) / 2))
          let pixel = 3 * (y * picture.width + x)
          let tone = (0..<3).map { Int(picture.pixels[pixel + $0]) }
          switch color {
          case .red: #expect(tone[0] > tone[1] && tone[0] > tone[2])
          case .green: #expect(tone[1] > tone[0] && tone[1] > tone[2])
          case .blue: #expect(tone[2] > tone[0] && tone[2] > tone[1])
          default: break
          }
        }
      }
    }
  }

  @Test func `Captions of the web come without boxes, and the boxes are to be had`() throws {
    try withDataset(.captions, .captions) { dataset in
      for index in 0..<40 {
        let (record, answer) = (try dataset.record(at: index), dataset.answer(at: index))
        #expect(record.objects.isEmpty && record.text == answer.text && record.id == answer.id)
        #expect(!answer.objects.isEmpty || dataset.scene(at: index).objects.isEmpty)
      }
    }
  }

  @Test func `Splits show what they may show`() throws {
    let own = try OwnMaterials()
    defer { own.remove() }
    for split in SceneSettings.Split.allCases {
      var settings = SceneSettings()
      (settings.split, settings.side, settings.count) = (split, 128, 60)
      let dataset = try SyntheticDataset(own.materials, settings)
      for index in 0..<60 {
        for object in dataset.scene(at: index).objects {
          let name = dataset.sceneNames[object.name]
          switch split {
          case .train: #expect(name.group == .base && !object.look.isHeldOut && object.look.style == "drawn")
          case .val: #expect(name.group == .base && (name.name != "ball" || object.look.isHeldOut))
          case .novelNames: #expect(name.group == .novel)
          case .novelStyle: #expect(name.group == .base && object.look.style == "twemoji")
          case .captions: #expect(name.group != .novel && !object.look.isHeldOut)
          }
        }
      }
    }
  }

  @Test func `What is written reads back`() throws {
    try withDataset(count: 12) { dataset in
      let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
      defer { try? FileManager.default.removeItem(at: folder) }
      try dataset.write(to: folder, as: .coco)
      let read = try DatasetDescription(
        annotations: folder.appending(path: "annotations.json").path,
        pictures: folder.appending(path: "images").path
      ).open()
      #expect(read.count == 12)
      for index in 0..<12 {
        let (record, written) = (try read.record(at: index), try dataset.record(at: index))
        #expect(record.objects.map(\.box) == written.objects.map(\.box))
        #expect(try record.picture.load() == written.picture.load())
      }
      // COCO's evaluation knows pictures by numbers.
      let file = try Data(contentsOf: folder.appending(path: "annotations.json"))
      let json = try JSONSerialization.jsonObject(with: file) as? [String: Any]
      #expect((json?["images"] as? [[String: Any]])?.map { $0["id"] as? Int } == Array(0..<12))
      #expect(throws: DatasetError.self) { try dataset.write(to: folder, as: .coco) }
    }
  }

  @Test func `Settings that make no sense and damaged files are told of`() throws {
    let own = try OwnMaterials()
    defer { own.remove() }
    var settings = SceneSettings()
    settings.side = 8
    #expect(throws: DatasetError.self) { try SyntheticDataset(own.materials, settings) }
    let file = own.folder.appending(path: "pixels.cache")
    var bytes = try Data(contentsOf: file)
    bytes[bytes.count - 20] ^= 0xFF
    for broken in [Data(), bytes.dropLast(5), bytes.prefix(40)] {
      try broken.write(to: own.folder.appending(path: "broken"))
      #expect(throws: DatasetError.self) { try PixelStore(own.folder.appending(path: "broken"), count: 8) }
    }
    #expect(throws: DatasetError.self) { try PixelStore(file, count: 9) }
    #expect(throws: DatasetError.self) { try SceneMaterials(own.folder.appending(path: "nowhere")) }
  }
}
