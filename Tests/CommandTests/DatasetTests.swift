import Foundation
import Pictures
import Testing

/// `glip dataset`.
struct DatasetTests {
  private func workspace(box: String = "[10, 20, 30, 10]") throws -> Workspace {
    let workspace = try Workspace()
    try workspace.pictures("images/a.png", "images/b.png")
    try workspace.write(
      """
      {"images": [{"id": 1, "file_name": "a.png", "width": 96, "height": 64},
                  {"id": 2, "file_name": "b.png", "width": 96, "height": 64}],
       "annotations": [{"id": 7, "image_id": 1, "category_id": 3, "bbox": \(box)},
                       {"id": 8, "image_id": 2, "category_id": 4, "bbox": [1, 2, 50, 60], "iscrowd": 1}],
       "categories": [{"id": 3, "name": "red car"}, {"id": 4, "name": "people"}]}
      """, to: "coco.json")
    return workspace
  }

  @Test func aSoundDataSetIsInspected() async throws {
    let outcome = try await workspace().glip("dataset", "inspect", "coco.json", "--pictures")
    #expect(outcome.status == 0 && outcome.errors == "")
    #expect(outcome.output.contains("coco") && outcome.output.contains("2, 2 of them sound"))
  }

  @Test func aDescriptionIsRelativeToItsFileAndOptionsToTheFolder() async throws {
    let workspace = try workspace()
    try workspace.write("name: cars\nannotations: ../coco.json\npictures: ../images\n", to: "sets/cars.yaml")
    let described = try await workspace.glip("dataset", "inspect", "sets/cars.yaml", "--pictures")
    #expect(described.status == 0 && described.output.contains("2, 2 of them sound"), "\(described.errors)")
    let other = try await workspace.glip(
      "dataset", "inspect", "sets/cars.yaml", "--pictures", "--images", "images", "--limit", "1")
    #expect(other.status == 0 && other.output.contains("1, 1 of them sound"), "\(other.errors)")
    let missing = try await workspace.glip(
      "dataset", "inspect", "sets/cars.yaml", "--pictures", "--images", "sets")
    #expect(missing.status == 1)
    try workspace.write("annotations: ../coco.json\nimages: images\n", to: "sets/wrong.yaml")
    expectRefusal(try await workspace.glip("dataset", "inspect", "sets/wrong.yaml"), "images")
  }

  @Test func whatIsMalformedIsListedAndCounts() async throws {
    let workspace = try workspace(box: "[10, 20, -5, NaN]")
    let outcome = try await workspace.glip("dataset", "inspect", "coco.json")
    #expect(outcome.status == 1)
    #expect(
      outcome.output.contains(
        "coco.json, annotation 7: its box [10, 20, -5, nan] has a number that is not finite"))
    #expect(outcome.errors == "glip: coco.json: 1 records or objects are malformed.\n")
    #expect(try await workspace.glip("dataset", "inspect", "coco.json", "--skip").status == 0)
    let converted = try await workspace.glip(
      "dataset", "convert", "coco.json", "--to", "odvg", "--output", "o.jsonl")
    expectRefusal(converted, "coco.json, annotation 7")
    #expect(!workspace.exists("o.jsonl"))
  }

  @Test func statisticsComeAsTableAndJSON() async throws {
    let workspace = try workspace()
    let outcome = try await workspace.glip("dataset", "stats", "coco.json", "--json", "s.json")
    #expect(
      outcome.status == 0 && outcome.output.contains("red car") && outcome.output.contains("side of a box"))
    let json = try #require(JSONSerialization.jsonObject(with: workspace.data("s.json")) as? [String: Any])
    #expect(json["objects"] as? Int == 2 && json["crowds"] as? Int == 1)
  }

  @Test func boxesAreComparedWithTrueOnes() async throws {
    let workspace = try workspace()
    _ = try await workspace.glip("dataset", "convert", "coco.json", "--to", "odvg", "--output", "o.jsonl")
    let outcome = try await workspace.glip("dataset", "compare", "o.jsonl", "coco.json", "--json", "c.json")
    #expect(outcome.status == 0 && outcome.output.contains("2 pictures with 1 true boxes"))
    let json = try #require(JSONSerialization.jsonObject(with: workspace.data("c.json")) as? [String: Any])
    let levels = try #require(json["levels"] as? [[String: Any]])
    #expect(levels[0]["recall"] as? Double == 1)
    expectRefusal(
      try await workspace.glip("dataset", "compare", "o.jsonl", "coco.json", "--overlap", "0"), "--overlap",
      status: 64)
    expectRefusal(try await workspace.glip("dataset", "compare", "gone.jsonl", "coco.json"), "gone.jsonl")
  }

  @Test(arguments: ["coco", "odvg", "voc", "yolo", "tsv", "webdataset"])
  func dataSetsAreConverted(format: String) async throws {
    let workspace = try workspace()
    let outcome = try await workspace.glip(
      "dataset", "convert", "coco.json", "--to", format, "--output", "out/x")
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.output == "out/x: 2 records, 2 classes\n")
    #expect(outcome.errors.isEmpty == ["coco", "voc"].contains(format))
    guard format != "yolo" else { return }
    let path = format == "tsv" ? "out/x/data.yaml" : "out/x"
    let found = try await workspace.glip(
      "dataset", "inspect", path, "--format", format, "--images",
      format == "voc" ? "out/x/JPEGImages" : "images")
    #expect(
      found.status == 0 && found.output.contains("2, 2 of them sound"), "\(found.output)\(found.errors)")
  }

  @Test func aSheetShowsPicturesAndIsTheSameForOneSeed() async throws {
    let workspace = try workspace()
    for name in ["a.png", "b.png"] {
      let outcome = try await workspace.glip(
        "dataset", "preview", "coco.json", "--output", name, "--size", "96")
      #expect(outcome.status == 0 && outcome.output == "\(name): 2 pictures\n", "\(outcome.errors)")
    }
    #expect(try workspace.data("a.png") == workspace.data("b.png"))
    #expect(try Picture(contentsOf: workspace.url("a.png")).width > 2 * 96)
  }

  @Test func mistakesAreSaidInOneSentence() async throws {
    let workspace = try workspace()
    expectRefusal(
      try await workspace.glip("dataset", "inspect", "none.json"), "none.json: there is no such file")
    try workspace.write("{\"images\": [", to: "cut.json")
    expectRefusal(
      try await workspace.glip("dataset", "stats", "cut.json"), "cut.json, line 1, byte 13", "ends early")
    try workspace.write("mine", to: "full/notes.txt")
    expectRefusal(
      try await workspace.glip("dataset", "convert", "coco.json", "--to", "voc", "--output", "full"),
      "is there already")
    expectRefusal(
      try await workspace.glip("dataset", "preview", "coco.json", "--output", "s.gif"), ".png", status: 64)
  }
}
