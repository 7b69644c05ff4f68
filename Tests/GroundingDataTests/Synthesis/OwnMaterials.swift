import Foundation
import GroundingData
import Pictures

/// Cut-outs drawn here, so that scenes can be composed where nothing was fetched.
struct OwnMaterials {
  let materials: SceneMaterials
  let folder: URL

  init() throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "scenes-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let cutouts = [
      Self.disc(60, [200, 20, 20]), Self.disc(90, [30, 60, 220]), Self.disc(40, [20, 160, 40]),
      Self.bar(80, 30, [240, 220, 20]), Self.bar(24, 100, [120, 40, 190]), Self.bar(150, 140, [90, 50, 20]),
    ]
    let grounds = [Self.ground(640, 512, 40), Self.ground(512, 700, 90)]
    let contents = cutouts.map(PixelStore.Content.init) + grounds.map(PixelStore.Content.init)
    let file = folder.appending(path: "pixels.cache")
    try PixelStore.write(to: file, count: contents.count) { contents[$0] }
    func look(_ picture: Int, _ style: String = "drawn", heldOut: Bool = false) -> SceneName.Look {
      SceneName.Look(style: style, file: "\(picture)", isHeldOut: heldOut, picture: picture)
    }
    let names = [
      SceneName(
        group: .base, name: "ball", plural: "balls",
        looks: [look(0), look(1), look(2, heldOut: true), look(1, "twemoji")]),
      SceneName(group: .base, name: "ear of corn", plural: "ears of corn", looks: [look(3)]),
      SceneName(group: .base, name: "scissors", plural: nil, isPair: true, looks: [look(4)]),
      SceneName(group: .novel, name: "box", plural: "boxes", looks: [look(5)]),
      SceneName(group: .captions, name: "bread", plural: nil, looks: [look(5)]),
    ]
    materials = SceneMaterials(
      folder: folder, names: names, backgrounds: ([cutouts.count], [cutouts.count + 1]),
      pixels: try PixelStore(file, count: contents.count))
  }

  func remove() { try? FileManager.default.removeItem(at: folder) }

  private static func disc(_ side: Int, _ color: [UInt8]) -> Cutout {
    cutout(side, side) { x, y in
      let (dx, dy) = (Double(x) + 0.5 - Double(side) / 2, Double(y) + 0.5 - Double(side) / 2)
      return dx * dx + dy * dy < Double(side * side) / 4 ? color : nil
    }
  }

  private static func bar(_ width: Int, _ height: Int, _ color: [UInt8]) -> Cutout {
    cutout(width, height) { _, _ in color }
  }

  private static func cutout(_ width: Int, _ height: Int, _ color: (Int, Int) -> [UInt8]?) -> Cutout {
    var pixels: [UInt8] = []
    for y in 0..<height {
      for x in 0..<width { pixels += color(x, y).map { $0 + [255] } ?? [0, 0, 0, 0] }
    }
    return Cutout(width: width, height: height, pixels: pixels)
  }

  private static func ground(_ width: Int, _ height: Int, _ level: Int) -> Picture {
    var pixels: [UInt8] = []
    for y in 0..<height {
      for x in 0..<width { pixels += [UInt8(level + x % 64), UInt8(level + y % 64), UInt8(level)] }
    }
    return Picture(width: width, height: height, pixels: pixels)
  }
}
