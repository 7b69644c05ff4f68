import Foundation
import Pictures
import Testing

@Suite struct ResizingTests {
  /// Recorded arrays of the authors' preprocessing, beside the repository; too large to be in it.
  static let shared: URL = {
    if let path = ProcessInfo.processInfo.environment["GLIP_SHARED"] { return URL(fileURLWithPath: path) }
    let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    return repository.deletingLastPathComponent().appendingPathComponent("shared")
  }()

  static let hasShared: Bool = {
    let isThere = FileManager.default.fileExists(atPath: shared.appendingPathComponent("golden").path)
    if !isThere { print("Skipping the authors' resized pictures: \(shared.path)/golden is absent.") }
    return isThere
  }()

  @Test(
    "resizing equals Pillow's to the last bit",
    arguments: ["pil_bilinear.safetensors", "small_bilinear.safetensors"])
  func matchesPillow(file: String) throws {
    let recorded = try RecordedPictures(Fixtures.url(file)).pictures
    var compared = 0
    for (name, expected) in recorded where name.contains("r") && name != "src" {
      let source = try #require(recorded[name.contains("_") ? String(name.prefix { $0 != "_" }) : "src"])
      #expect(source.resized(width: expected.width, height: expected.height) == expected, "\(name)")
      compared += 1
    }
    #expect(compared >= 6)
  }

  @Test(
    "whole pictures are resized as the authors' code does",
    .enabled(if: hasShared),  // Skipped without the recorded arrays.
    arguments: [
      ("f1_det_chelsea", "chelsea"), ("s1_det_chelsea", "chelsea"), ("s2_coco_bus", "bus"),
      ("s3_cap_astronaut", "astronaut"),
    ])
  func matchesAuthors(record: String, picture: String) throws {
    let golden = Self.shared.appendingPathComponent("golden")
    let recorded = try RecordedPictures(
      golden.appendingPathComponent("glip_t_c/\(record).safetensors"), names: ["resized_rgb"])
    let expected = try #require(recorded.pictures["resized_rgb"])
    let source = try Picture(contentsOf: golden.appendingPathComponent("images/\(picture).png"))
    #expect(source.resized(width: expected.width, height: expected.height) == expected)
  }

  @Test func theSameSizeIsTheSamePicture() {
    #expect(Fixtures.gray.resized(width: 320, height: 200) == Fixtures.gray)
  }
}
