import Foundation
import Pictures
import Testing

@Suite struct EncodingTests {
  private let picture: Picture

  init() throws {
    picture = try Picture(contentsOf: Fixtures.url("rgb.png")).resized(width: 300, height: 200)
  }

  @Test func aPNGKeepsEveryPixel() throws {
    #expect(try Picture(data: picture.encoded(as: .png), name: "png") == picture)
  }

  @Test func aJPEGKeepsPixelsAboutAndQualityCosts() throws {
    let data = try picture.encoded(as: .jpeg(quality: 95))
    let read = try Picture(data: data, name: "jpeg")
    let differences = zip(read.pixels, picture.pixels).map { abs(Int($0) - Int($1)) }
    #expect(differences.reduce(0, +) < 3 * differences.count)
    #expect(try picture.encoded(as: .jpeg(quality: 30)).count < data.count)
  }

  @Test(arguments: ["a.png", "a.PNG", "a.jpg", "a.jpeg"]) func theExtensionNamesTheFormat(name: String) throws
  {
    try Fixtures.withFolder { folder in
      let url = folder.appendingPathComponent(name)
      try Data("old".utf8).write(to: url)
      try picture.write(to: url)
      #expect(try Picture(contentsOf: url).width == 300)
      #expect(try Data(contentsOf: url).first == (name.lowercased().hasSuffix("png") ? 0x89 : 0xFF))
      // Nothing else is left in the folder, and others may read the file.
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [name])
      var info = stat()
      #expect(stat(url.path, &info) == 0)
      #expect(info.st_mode & 0o777 == 0o644)
    }
  }

  @Test func whatCannotBeWrittenSaysWhy() throws {
    try Fixtures.withFolder { folder in
      let other = folder.appendingPathComponent("a.webp")
      #expect(
        throws: PictureError.unwritable(
          name: other.relativePath, reason: "its extension must be png, jpg or jpeg")
      ) { try picture.write(to: other) }
      let nowhere = folder.appendingPathComponent("none/a.png")
      #expect(
        throws: PictureError.unwritable(name: nowhere.relativePath, reason: "no such file or directory")
      ) { try picture.write(to: nowhere) }
    }
    let long = Picture(width: 70_000, height: 1, pixels: Array(repeating: 0, count: 210_000))
    #expect(throws: PictureError.self) { try long.encoded(as: .jpeg(quality: 90)) }
  }
}
