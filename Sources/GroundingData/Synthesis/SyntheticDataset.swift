import Foundation
import Pictures

/// Scenes that are composed when they are asked for: each is a function of the settings and its position, whatever
/// thread asks. In memory there are only those in the making.
public struct SyntheticDataset: CheckedDataset {
  public let name: String
  public let classes: [ObjectClass]
  public let settings: SceneSettings
  public let faults: FaultLog
  private let composer: SceneComposer

  public var format: DatasetDescription.Format? { .synthetic }
  public var count: Int { settings.count }
  /// How many names there are to choose from.
  public var nameCount: Int { composer.entries.count }
  /// Those names, in the order that `Scene.Object.name` counts in.
  package var sceneNames: [SceneName] { composer.entries.map(\.name) }

  /// - Throws: `DatasetError` for settings that make no sense, or where there is nothing to compose.
  public init(
    _ materials: SceneMaterials, _ settings: SceneSettings, name: String? = nil,
    faults: FaultLog = FaultLog(.fail)
  ) throws(DatasetError) {
    do { try settings.validate() } catch {
      throw DatasetError(file: materials.folder, String(error.description.dropLast()))
    }
    composer = try SceneComposer(materials, settings)
    (self.settings, self.faults) = (settings, faults)
    self.name = name ?? "synthetic \(settings.split.rawValue)"
    classes =
      settings.view == .detection
      ? composer.entries.enumerated().map { ObjectClass(id: $0 + 1, name: $1.name.name) } : []
  }

  public func size(at index: Int) -> Record.Size? { composer.size(of: index) }

  public func record(at index: Int) throws -> Record {
    let scene = composer.scene(index)
    guard settings.view != .captions else {
      let (caption, _) = caption(of: scene, index)
      return record(scene, index, .caption(caption), [])
    }
    return answered(scene, index)
  }

  /// The record with its boxes also where the view keeps them back.
  public func answer(at index: Int) -> Record { answered(composer.scene(index), index) }

  /// What a record tells of.
  package func scene(at index: Int) -> Scene { composer.scene(index) }

  private func answered(_ scene: Scene, _ index: Int) -> Record {
    guard settings.view == .detection else {
      let (caption, objects) = caption(of: scene, index)
      return record(scene, index, .caption(caption), objects)
    }
    let objects = scene.objects.map {
      Record.Object(box: $0.box, classIndex: $0.name, area: Double($0.visible))
    }
    return record(scene, index, .classes, objects)
  }

  private func caption(of scene: Scene, _ index: Int) -> (String, [Record.Object]) {
    var generator = composer.generator(index, 3)
    let caption =
      settings.view == .captions
      ? SceneCaption.web(scene, composer.entries, using: &generator)
      : SceneCaption.grounding(scene, composer.entries, using: &generator)
    let objects = scene.objects.indices.compactMap { object in
      caption.spans[object].map {
        Record.Object(
          box: scene.objects[object].box, spans: $0, area: Double(scene.objects[object].visible))
      }
    }
    return (caption.text, objects)
  }

  private func record(
    _ scene: Scene, _ index: Int, _ text: Record.Text, _ objects: [Record.Object]
  ) -> Record {
    let id = String(index)
    let picture = MadePicture(name: "scene \(id) of \(name), seed \(settings.seed)") {
      () throws(PictureError) in
      try ScenePainter.paint(scene)
    }
    return Record(id: id, picture: .made(picture), size: scene.size, text: text, objects: objects)
  }
}
