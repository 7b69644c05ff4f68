import Foundation
import Pictures
import Testing

@Suite struct DecodingTests {
  @Test("every format gives the pixels that Pillow reads", arguments: Fixtures.pictures)
  func matchesPillow(name: String) throws {
    let isTurned = name.hasPrefix("orientation") && !name.hasSuffix("jpg")
    let expected = try Fixtures.data(isTurned ? "rgb.png.rgb" : name + ".rgb")
    let picture = try Picture(contentsOf: Fixtures.url(name))
    #expect(picture.width == Fixtures.size.width)
    #expect(picture.height == Fixtures.size.height)
    #expect(picture.pixels == Array(expected))
  }

  @Test func allFixturesAreThere() {
    #expect(Fixtures.pictures.count == 72)
  }

  @Test(arguments: 2...8) func aTurnedJPEGShowsTheSameScene(orientation: Int) throws {
    let upright = try Picture(contentsOf: Fixtures.url("orientation-1.jpg"))
    let turned = try Picture(contentsOf: Fixtures.url("orientation-\(orientation).jpg"))
    let differences = zip(upright.pixels, turned.pixels).map { abs(Int($0) - Int($1)) }
    #expect(differences.reduce(0, +) < 4 * differences.count)
  }

  @Test func aFileInMemoryReadsAsOneOnDisk() throws {
    let data = try Fixtures.data("420.jpg")
    let slice = (Data([1, 2, 3]) + data)[3...]  // Does not start at index 0.
    #expect(
      try Picture(data: slice, name: "memory") == Picture(contentsOf: Fixtures.url("420.jpg")))
  }

  @Test func manyTasksMayDecodeAtOnce() async throws {
    let expected = try Fixtures.pictures.map { try Picture(contentsOf: Fixtures.url($0)) }
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for _ in 0..<8 {
        group.addTask {
          try Fixtures.pictures.map { try Picture(contentsOf: Fixtures.url($0)) } == expected
        }
      }
      for try await isEqual in group { #expect(isEqual) }
    }
  }
}
