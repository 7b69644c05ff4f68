import Checkpoints
import Foundation
import Pictures

/// What scenes are composed of: cut-outs with names, and backgrounds, as pixels in one mapped file.
public struct SceneMaterials: Sendable {
  /// The folder that `Scripts/corpus-materials` fills.
  let folder: URL
  package let names: [SceneName]
  /// Positions in the store, of backgrounds to train on and of the others.
  package let backgrounds: (train: [Int], val: [Int])
  let pixels: PixelStore

  /// Longer side that cut-outs are kept with, and shorter side of backgrounds, in pixels.
  private static let (cutoutSide, backgroundSide) = (160, 512)

  /// Opens a folder of materials. The first time all of them are drawn and kept in a file there, which takes
  /// some ten seconds.
  ///
  /// - Throws: `DatasetError` where something is missing or cannot be read.
  public init(_ folder: URL) throws(DatasetError) {
    let names = try Self.listedNames()
    let backgrounds = try Self.lines(of: Self.texts.appending(path: "corpus-backgrounds.txt"), parts: 3)
    let looks = names.flatMap(\.looks)
    var key = PixelStore.Key()
    key.add("1 \(Self.cutoutSide) \(Self.backgroundSide)\n")
    for look in looks { key.add("\(look.style):\(look.file)\n") }
    for line in backgrounds { key.add(line.parts[2] + "\n") }
    let file = folder.appending(path: "pixels-\(key).cache")
    if !FileManager.default.fileExists(atPath: file.path) {
      let drawing = Drawing(folder: folder, looks: looks, backgrounds: backgrounds.map(\.parts[2]))
      try drawing.write(to: file, cutoutSide: Self.cutoutSide, backgroundSide: Self.backgroundSide)
      Self.removeOthers(than: file)
    }
    let positions = backgrounds.indices.map { (looks.count + $0, backgrounds[$0].parts[0] == "val") }
    self.init(
      folder: folder, names: names,
      backgrounds: (positions.filter { !$0.1 }.map(\.0), positions.filter(\.1).map(\.0)),
      pixels: try PixelStore(file, count: looks.count + backgrounds.count))
  }

  /// Removes what other versions of the program have drawn, which is large and made again when it is needed.
  private static func removeOthers(than file: URL) {
    let folder = file.deletingLastPathComponent()
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    for name in names where name.hasPrefix("pixels-") && name.hasSuffix(".cache") {
      guard name != file.lastPathComponent else { continue }
      try? FileManager.default.removeItem(at: folder.appending(path: name))
    }
  }

  /// The names that come with the program, whether or not their pictures were fetched.
  package static func listedNames() throws(DatasetError) -> [SceneName] {
    try SceneName.read(texts.appending(path: "corpus-names.txt"))
  }

  private static let texts = Bundle.module.bundleURL.appending(path: "Resources")

  package init(folder: URL, names: [SceneName], backgrounds: (train: [Int], val: [Int]), pixels: PixelStore) {
    (self.folder, self.backgrounds, self.pixels) = (folder, backgrounds, pixels)
    // A font may lack a character, and a stamp may be empty.
    self.names = names.map { name in
      var name = name
      name.looks.removeAll { pixels[$0.picture] == nil }
      return name
    }
  }

  /// The lines of a text that are not remarks, cut at tabs.
  static func lines(of url: URL, parts count: Int) throws(DatasetError) -> [(place: String, parts: [String])]
  {
    guard let text = try? String(contentsOf: url, encoding: .utf8) else {
      throw DatasetError(file: url, "it cannot be read as UTF-8 text")
    }
    var lines: [(place: String, parts: [String])] = []
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      guard !line.isEmpty, !line.hasPrefix("#") else { continue }
      let parts = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
      guard parts.count == count else {
        throw DatasetError(file: url, place: "line \(index + 1)", "it has \(parts.count) parts, not \(count)")
      }
      lines.append(("line \(index + 1)", parts))
    }
    return lines
  }
}

/// Draws the materials.
private struct Drawing: Sendable {
  let folder: URL
  let looks: [SceneName.Look]
  let backgrounds: [String]

  func write(to file: URL, cutoutSide: Int, backgroundSide: Int) throws(DatasetError) {
    let fontFile = folder.appending(path: "noto/NotoColorEmoji.ttf")
    let font: EmojiFont
    do { font = try EmojiFont(contentsOf: fontFile) } catch { throw missing(fontFile, error) }
    let count = looks.count + backgrounds.count
    try PixelStore.write(to: file, count: count) { index throws(DatasetError) in
      index < looks.count
        ? try cutout(looks[index], font, side: cutoutSide)
        : try background(backgrounds[index - looks.count], side: backgroundSide)
    }
  }

  private func background(_ name: String, side: Int) throws(DatasetError) -> PixelStore.Content {
    let url = folder.appending(path: "backgrounds").appending(path: name)
    do { return .init(try Picture(contentsOf: url).reduced(toShortSide: side)) } catch {
      throw missing(url, error)
    }
  }

  /// Nil where there is nothing to be seen.
  private func cutout(
    _ look: SceneName.Look, _ font: EmojiFont, side: Int
  ) throws(DatasetError) -> PixelStore.Content? {
    if look.style == "noto" {
      let scalars = look.file.split(separator: "-").compactMap { UInt32($0, radix: 16) }
        .compactMap(Unicode.Scalar.init)
      return font.picture(of: String(String.UnicodeScalarView(scalars))).map { .init($0) }
    }
    let url = folder.appending(path: look.style).appending(path: look.file)
    do { return try Cutout(contentsOf: url, side: side).trimmed().map { .init($0) } } catch {
      throw missing(url, error)
    }
  }

  private func missing(_ url: URL, _ error: PictureError) -> DatasetError {
    let there = FileManager.default.fileExists(atPath: url.path)
    return DatasetError(
      file: url, there ? error.withoutFullStop : "it is not there; Scripts/corpus-materials fetches it")
  }
}

extension Picture {
  fileprivate func reduced(toShortSide side: Int) -> Picture {
    let scale = Double(side) / Double(min(width, height))
    guard scale < 1 else { return self }
    return resized(
      width: Int((Double(width) * scale).rounded()), height: Int((Double(height) * scale).rounded()))
  }
}
