import Foundation
import Testing

/// Each benchmark's protocol, end to end.
struct EvaluateProtocolTests {
  @Test func everyProtocolMeasuresDetectionsOfClasses() async throws {
    let workspace = try EvaluationWorkspace()
    var data = EvaluationWorkspace.detectionData(pictures: 6)
    var found = EvaluationWorkspace.perfectDetections(of: data)
    // The surest detection is of nothing, on a picture where LVIS does not know whether the class is there.
    found.append(["image_id": 1000, "category_id": 9, "bbox": [60, 40, 20, 20], "score": 2.0])
    data["categories"] = [
      ["id": 7, "name": "cup", "frequency": "r"], ["id": 3, "name": "cat", "frequency": "f"],
      ["id": 9, "name": "dog", "frequency": "c"],
    ]
    try workspace.json(data, to: "lvis.json")
    try workspace.json(found, to: "found.json")
    func measure(_ benchmark: String?, _ more: String...) async throws -> String {
      let choice = benchmark.map { ["--protocol", $0] } ?? []
      let outcome = try await workspace.workspace.start(
        ["evaluate", "--data", "lvis.json", "--detections", "found.json", "--results", "out"] + choice + more
      ).outcome()
      #expect(outcome.status == 0, "\(outcome.errors)")
      return outcome.output
    }
    #expect(try await measure(nil).contains("lvis-fixed, 6 pictures"))
    #expect(try #require(try workspace.figure("APr", in: "out")) > 0.999)
    #expect(try workspace.figure("APc", in: "out") == nil)
    #expect(try await measure("lvis").contains("AR@300"))
    #expect(try #require(try workspace.figure("AP", in: "out")) > 0.999)
    #expect(try await measure("coco", "--classes", "cat, cup").contains("AR@100"))
    #expect(try #require(try workspace.figure("AP", in: "out")) > 0.999)
    for benchmark in ["voc", "voc07"] {
      #expect(try await measure(benchmark, "--per-class").contains("dog"))
      #expect(try workspace.figure("AP", in: "out") == 1 && workspace.figure("AP11", in: "out") == 1)
    }

    // One of two cats is found after a mistake: precision 1/2 at recall 1/2.
    let images = [EvaluationWorkspace.image(0)]
    let boxes = [[10, 10, 20, 20], [60, 10, 20, 20]]
    try workspace.json(
      [
        "images": images, "categories": [["id": 3, "name": "cat"]],
        "annotations": boxes.enumerated().map { index, box in
          ["id": index, "image_id": 1000, "category_id": 3, "bbox": box, "area": 400, "iscrowd": 0]
            as [String: Any]
        },
      ], to: "half.json")
    try workspace.json(
      [
        ["image_id": 1000, "category_id": 3, "bbox": [35, 40, 20, 20], "score": 0.9],
        ["image_id": 1000, "category_id": 3, "bbox": boxes[1], "score": 0.8],
      ], to: "half-found.json")
    for (benchmark, figure, expected) in [
      ("voc", "AP", 0.25), ("voc07", "AP11", 0.5 * 6 / 11), ("coco", "AP50", 0.5 * 51 / 101),
    ] {
      let outcome = try await workspace.evaluate(
        "--data", "half.json", "--detections", "half-found.json", "--protocol", benchmark, "--results", "out")
      #expect(outcome.status == 0, "\(outcome.errors)")
      #expect(abs(try #require(try workspace.figure(figure, in: "out")) - expected) < 1e-9)
    }
  }

  @Test func pascalVOCIsMeasuredFromItsFolder() async throws {
    let workspace = try EvaluationWorkspace(pictures: 1)
    func object(_ name: String, _ difficult: Int, _ corners: [Int]) -> String {
      "<object><name>\(name)</name><difficult>\(difficult)</difficult><bndbox><xmin>\(corners[0])</xmin>"
        + "<ymin>\(corners[1])</ymin><xmax>\(corners[2])</xmax><ymax>\(corners[3])</ymax></bndbox></object>"
    }
    try workspace.workspace.write(
      "<annotation><filename>000007.png</filename><size><width>96</width><height>64</height></size>"
        + object("dog", 0, [11, 11, 30, 30]) + object("dog", 1, [51, 11, 70, 30]) + "</annotation>",
      to: "voc/Annotations/000007.xml")
    try FileManager.default.createDirectory(
      at: workspace.workspace.url("voc/JPEGImages"), withIntermediateDirectories: true)
    try FileManager.default.copyItem(
      at: workspace.workspace.url("images/0.png"), to: workspace.workspace.url("voc/JPEGImages/000007.png"))
    // Counted from 0, both ends included: the first box is 20 pixels wide.
    try workspace.json(
      [
        ["image_id": 7, "category_id": 1, "bbox": [50, 10, 20, 20], "score": 0.9],
        ["image_id": 7, "category_id": 1, "bbox": [10, 10, 20, 10], "score": 0.8],
      ], to: "found.json")
    let outcome = try await workspace.evaluate(
      "--data", "voc", "--detections", "found.json", "--results", "out")
    #expect(outcome.status == 0 && outcome.output.contains("voc, 1 pictures"), "\(outcome.errors)")
    #expect(try workspace.figure("AP", in: "out") == 1)
    let run = try await workspace.run("--data", "voc", "--results", "run").outcome()
    #expect(run.status == 0, "\(run.errors)")
  }

  @Test func recallOfPhrasesIsThatOfASmallRecomputation() async throws {
    let workspace = try EvaluationWorkspace()
    let data = CaptionedData(pictures: 6)
    try workspace.json(data.grounding, to: "captions.json")
    let outcome = try await workspace.run("--data", "captions.json", "--results", "out").outcome()
    #expect(outcome.status == 0 && outcome.output.contains("flickr, 12 pictures"), "\(outcome.errors)")
    let expected = try Recomputation(data, workspace.list("out/detections.json"))
    #expect(expected.phraseCount == 18)
    var someDiffer = false
    for (name, merged) in [("R", false), ("merged R", true)] {
      for limit in [1, 5, 10, nil] {
        let figure = try workspace.figure("\(name)@\(limit.map(String.init) ?? "all")", in: "out")
        let value = expected.recall(at: limit, merged: merged)
        #expect(abs(try #require(figure) - value) < 1e-12)
        someDiffer = someDiffer || 0.05..<0.95 ~= value
      }
    }
    #expect(someDiffer, "all phrases are found, or none is")

    let again = try await workspace.evaluate(
      "--data", "captions.json", "--detections", "out/detections.json", "--results", "again")
    #expect(again.status == 0, "\(again.errors)")
    try data.write(to: "entities", in: workspace.workspace)
    for picture in 0..<6 {
      try FileManager.default.copyItem(
        at: workspace.workspace.url("images/\(picture).png"),
        to: workspace.workspace.url("images/\(picture).jpg"))
    }
    let entities = try await workspace.run(
      "--data", "entities", "--images", "images", "--results", "entities-out", "--per-class"
    ).outcome()
    #expect(entities.status == 0, "\(entities.errors)")
    for type in ["animals", "other"] { #expect(entities.output.contains(type)) }
    #expect(!entities.output.contains("scene"))
    for name in ["R@1", "R@5", "R@10", "R@all", "merged R@1", "merged R@all"] {
      for other in ["again", "entities-out"] {
        #expect(try workspace.figure(name, in: "out") == workspace.figure(name, in: other))
      }
    }
  }

  @Test func expressionsReferToOneObject() async throws {
    let workspace = try EvaluationWorkspace(pictures: 4)
    let boxes = (0..<4).map { [5 * $0, 10, 30, 30] }
    try workspace.json(
      [
        "images": (0..<4).map { index -> [String: Any] in
          EvaluationWorkspace.image(index).merging(["caption": "the cat on the left"]) { $1 }
        },
        "annotations": boxes.enumerated().map { index, box -> [String: Any] in
          [
            "id": index, "image_id": EvaluationWorkspace.id(index), "category_id": 1, "bbox": box,
            "tokens_positive": [[0, 7]], "iscrowd": 0,
          ]
        },
        "categories": [["id": 1, "name": "object"]],
      ], to: "expressions.json")
    // The surest box counts: right, wrong before right, half of the object, nothing.
    try workspace.json(
      [
        ["image_id": EvaluationWorkspace.id(0), "bbox": boxes[0], "score": 0.5],
        ["image_id": EvaluationWorkspace.id(1), "bbox": boxes[1], "score": 0.5],
        ["image_id": EvaluationWorkspace.id(1), "bbox": [60, 10, 30, 30], "score": 0.6],
        ["image_id": EvaluationWorkspace.id(2), "phrase": 0, "bbox": [10, 10, 30, 15], "score": 0.1],
      ], to: "found.json")
    let outcome = try await workspace.evaluate(
      "--data", "expressions.json", "--images", "images", "--detections", "found.json", "--results", "out")
    #expect(outcome.status == 0 && outcome.output.contains("refcoco"), "\(outcome.errors)")
    #expect(try workspace.figure("accuracy", in: "out") == 0.5)
    let run = try await workspace.run(
      "--data", "expressions.json", "--images", "images", "--results", "run"
    ).outcome()
    #expect(run.status == 0, "\(run.errors)")
    try workspace.json(
      [["image_id": 1000, "phrase": 1, "bbox": [1, 1, 2, 2], "score": 1]], to: "found.json")
    let refused = try await workspace.evaluate("--data", "expressions.json", "--detections", "found.json")
    expectRefusal(refused, "has no phrase 1")
  }

  @Test func longListsAreCutAndKnowledgeIsSaid() async throws {
    let workspace = try EvaluationWorkspace()
    func found(_ more: String...) async throws -> [[String: Any]] {
      let outcome = try await workspace.workspace.start(
        ["evaluate"] + EvaluationWorkspace.network()
          + ["--data", "val.json", "--images", "images", "--results", "out"] + more
      ).outcome()
      #expect(outcome.status == 0, "\(outcome.errors)")
      let list = try workspace.list("out/detections.json")
      try FileManager.default.removeItem(at: workspace.workspace.url("out"))
      return list
    }
    func scores(_ list: [[String: Any]], _ category: Int) -> [Double] {
      list.filter { $0["category_id"] as? Int == category }.compactMap { $0["score"] as? Double }
    }
    let together = try await found()
    let apart = try await found("--chunk", "1")
    // Words that stand beside each other change each other.
    #expect(scores(together, 3) != scores(apart, 3))
    try workspace.workspace.write(
      "- {classname: cat, def_wiki: A small animal. It purrs.}\n- {name: boat, definition: none}",
      to: "known.yaml")
    let named = try await found("--chunk", "1", "--knowledge", "known.yaml")
    let whole = try await found(
      "--chunk", "1", "--knowledge", "known.yaml", "--knowledge-matching", "phrase")
    #expect(scores(named, 3) != scores(apart, 3) && scores(whole, 3) != scores(named, 3))
    // Of the other class nothing is known.
    let best = (scores(named, 7).first, scores(apart, 7).first)
    #expect(best.0 != nil && best.0 == best.1)
    try workspace.workspace.write("boat: a vessel", to: "boat.yaml")
    let refused = try await workspace.run("--data", "val.json", "--knowledge", "boat.yaml").outcome()
    expectRefusal(refused, "Of none of the 2 classes")
  }

  @Test func lvisIsAskedInChunksAndOnlyWhatCanCountIsHeld() async throws {
    let workspace = try EvaluationWorkspace()
    var data = EvaluationWorkspace.detectionData(pictures: 6)
    data["categories"] =
      [["id": 7, "name": "cup", "frequency": "r"], ["id": 3, "name": "cat", "frequency": "f"]]
      + (10..<60).map { ["id": $0, "name": "thing \($0)", "frequency": "c"] as [String: Any] }
    try workspace.json(data, to: "lvis.json")
    for (benchmark, range) in [("lvis", 1...300), ("lvis-fixed", 301...600)] {
      let outcome = try await workspace.run(
        "--data", "lvis.json", "--images", "images", "--protocol", benchmark, "--results", benchmark
      ).outcome()
      #expect(outcome.status == 0, "\(outcome.errors)")
      let list = try workspace.list("\(benchmark)/detections.json")
      // 52 classes are two texts of at most 300 detections each.
      let counts = Dictionary(grouping: list) { $0["image_id"] as? Int ?? 0 }.mapValues(\.count)
      #expect(counts.count == 6 && counts.values.allSatisfy(range.contains))
    }
  }
}

/// Recall of phrases from the definition: a phrase is found if one of its first boxes shares half of what both cover.
private struct Recomputation {
  private var phrases: [(objects: [[Double]], found: [[Double]])] = []
  var phraseCount: Int { phrases.count }

  init(_ data: CaptionedData, _ detections: [[String: Any]]) {
    for record in data.captions.indices {
      let own = detections.filter { $0["image_id"] as? Int == CaptionedData.id(record) }
      for (position, phrase) in data.asked(record).enumerated() {
        let found = own.filter { $0["phrase"] as? Int == position }.enumerated().sorted { one, other in
          let scores = [one, other].map { $0.element["score"] as? Double ?? 0 }
          return scores[0] == scores[1] ? one.offset < other.offset : scores[0] > scores[1]
        }
        let boxes = found.compactMap { $0.element["bbox"] as? [Double] }
        let objects = data.boxes[data.captions[record].picture][phrase.entity] ?? []
        phrases.append(
          (objects.map { $0.map(Double.init) }, boxes.map { [$0[0], $0[1], $0[0] + $0[2], $0[1] + $0[3]] }))
      }
    }
  }

  func recall(at limit: Int?, merged: Bool) -> Double {
    let found = phrases.count { phrase in
      let around = [
        phrase.objects.map { $0[0] }.min(), phrase.objects.map { $0[1] }.min(),
        phrase.objects.map { $0[2] }.max(), phrase.objects.map { $0[3] }.max(),
      ].compactMap(\.self)
      let objects = merged ? [around] : phrase.objects
      return phrase.found.prefix(limit ?? .max).contains { box in
        objects.contains { object in
          let width = max(0, min(box[2], object[2]) - max(box[0], object[0]))
          let height = max(0, min(box[3], object[3]) - max(box[1], object[1]))
          let sum = [box, object].map { ($0[2] - $0[0]) * ($0[3] - $0[1]) }.reduce(0, +)
          return width * height / (sum - width * height) >= 0.5
        }
      }
    }
    return Double(found) / Double(phrases.count)
  }
}
