import Foundation
import GroundingData
import Testing

/// The names and pictures that the corpus is made of.
struct MaterialsTests {
  /// `GLIP_CORPUS`, else where `Scripts/corpus-materials` puts them.
  private static let folder: URL? = {
    let root = (0..<4).reduce(URL(fileURLWithPath: #filePath)) { url, _ in url.deletingLastPathComponent() }
    let own = ProcessInfo.processInfo.environment["GLIP_CORPUS"].map { URL(fileURLWithPath: $0) }
    let folder = own ?? root.appending(path: ".deps/corpus")
    if FileManager.default.fileExists(atPath: folder.appending(path: "twemoji").path) { return folder }
    print("Skipping scenes of the corpus: there is no \(folder.path); Scripts/corpus-materials fetches it.")
    return nil
  }()

  private let names: [SceneName]

  init() throws { names = try SceneMaterials.listedNames() }

  @Test func `Names and pictures are of one split only`() throws {
    #expect(Set(names.map(\.name)).count == names.count)
    let novel = names.count { $0.group == .novel }
    #expect(names.count > 1000 && (0.12...0.18).contains(Double(novel) / Double(names.count)))
    // A picture under two names would be seen under one and held back under the other.
    var groups: [String: Set<SceneName.Group>] = [:]
    for name in names {
      for look in name.looks { groups["\(look.style):\(look.file)", default: []].insert(name.group) }
      let training = Set(name.looks(in: .train)).union(name.looks(in: .captions))
      for split in [SceneSettings.Split.val, .novelNames, .novelStyle] {
        let shared = training.intersection(name.looks(in: split))
        #expect(shared.isEmpty || split == .val && !name.looks.contains { $0.isHeldOut })
      }
      #expect(!training.contains { $0.style == SceneName.novelStyle })
    }
    #expect(groups.values.allSatisfy { $0.count == 1 })
  }

  @Test func `No novel name has its head word, or its only word, in a base name`() {
    let trained = names.filter { $0.group != .novel }
    let words = Set(trained.flatMap { [$0.name, $0.plural ?? $0.name] })
    for name in names where name.group == .novel {
      let parts = name.name.split(separator: " ").map(String.init)
      #expect(!words.contains(name.plural ?? "-"), "\(name.name)")
      for other in trained where parts.count == 1 {
        #expect(
          !other.name.split(separator: " ").contains(Substring(parts[0])), "\(name.name), \(other.name)")
      }
    }
  }

  @Test(.enabled(if: folder != nil)) func `Everything that was fetched can be drawn, and shows something`()
    throws
  {
    let materials = try SceneMaterials(try #require(Self.folder))
    #expect(Set(materials.backgrounds.train).isDisjoint(with: materials.backgrounds.val))
    let (drawn, listed) = (
      materials.names.map(\.looks.count).reduce(0, +), names.map(\.looks.count).reduce(0, +)
    )
    #expect(drawn > listed * 98 / 100)
    var settings = SceneSettings()
    (settings.view, settings.count) = (.grounding, 20)
    let dataset = try SyntheticDataset(materials, settings)
    for index in 0..<20 {
      let record = try dataset.record(at: index)
      #expect(try record.picture.load().width == record.size?.width)
    }
  }

  @Test(.enabled(if: folder != nil)) func `A training configuration can name scenes`() throws {
    let path = try #require(Self.folder).path
    let text =
      "{annotations: \"\(path)\", format: synthetic, limit: 5, scenes: {split: val, view: grounding, seed: 3}}"
    let dataset = try DatasetDescription(yaml: text).open()
    #expect(dataset.count == 5 && dataset.format == .synthetic)
    guard case .caption(let caption) = try dataset.record(at: 4).text else {
      Issue.record("no caption")
      return
    }
    #expect(!caption.isEmpty)
    let misspelt = text.replacing("seed:", with: "sead:")
    #expect(throws: DecodingError.self) { try DatasetDescription(yaml: misspelt) }
  }
}
