import Foundation
import GroundingEvaluation
import Testing

@Suite struct FileTests {
  private static let truth = #"""
    {"info": {"a": [1, {"b": "]}"}]}, "images": [{"id": 17, "file_name": "a.jpg"}, {"id": 4, "neg_category_ids": [9]}],
     "categories": [{"id": 9, "name": "caf\u00e9"}, {"id": 3, "name": "red car", "frequency": "r"}],
     "annotations": [{"id": 1, "image_id": 17, "category_id": 3, "bbox": [10.5, 20, 1e2, 50], "area": 4000.5,
      "iscrowd": 1, "segmentation": [[1, 2, 3]]}, {"id": 2, "image_id": 4, "category_id": 9, "bbox": [1, 2, 3, 4]}]}
    """#
  private static let detection =
    #"{"image_id": 17, "category_id": 3, "bbox": [10.5, 20, 100, 50.0], "score": 0.87, "extra": {"a": []}}"#

  @Test("Annotations are read, with images and classes by id")
  func reading() throws {
    let truth = try GroundTruth(json: Data(Self.truth.utf8))
    #expect(truth.images.map(\.id) == [4, 17] && truth.images[0].absentClasses == [1])
    #expect(truth.classes.map(\.name) == ["red car", "café"] && truth.classes[0].frequency == .rare)
    #expect(
      truth.boxes[0]
        == GroundTruthBox(
          imageIndex: 1, classIndex: 0, rectangle: Rectangle(x: 10.5, y: 20, width: 100, height: 50),
          area: 4000.5,
          isCrowd: true))
    #expect(truth.boxes[1].area == 12)
    let found = try DetectionsFile.read(json: Data("[\(Self.detection)]".utf8), for: truth)
    #expect(
      Array(found) == [
        DetectedBox(
          imageIndex: 1, classIndex: 0, rectangle: Rectangle(x: 10.5, y: 20, width: 100, height: 50),
          score: 0.87)
      ])
    #expect(try DetectionsFile.read(json: Data(" [ ] ".utf8), for: truth).isEmpty)
  }

  @Test("What was written is read back to the last digit")
  func roundTrip() throws {
    let scene = try Scene()
    let found = scene.imperfect()
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).json")
    defer { try? FileManager.default.removeItem(at: file) }
    try DetectionsFile.write(found, of: scene.groundTruth, to: file)
    #expect(Array(try DetectionsFile.read(file, for: scene.groundTruth)) == found)
    let missing = file.deletingLastPathComponent().appendingPathComponent("no/such/folder.json")
    #expect(throws: EvaluationError.self) {
      try DetectionsFile.write(found, of: scene.groundTruth, to: missing)
    }
    #expect(throws: EvaluationError.self) { try DetectionsFile.read(missing, for: scene.groundTruth) }
  }

  @Test("Decimal numbers are the nearest ones")
  func numbers() throws {
    var generator = SplitMix(state: 8)
    var texts = ["0", "-0.0", "1E3", "2.5e-7", "0.1", "123456789012345678", "0.30000000000000004", "1e-320"]
    texts += [
      "9007199254740993", "9007199254740992.5", "0.5000000000000000001", "1.0000000000000000000000000001",
    ]
    for _ in 0..<20_000 {
      let number = Double.random(in: 0...1, using: &generator)
      texts.append("\(number * 1000)")
      let digits = UInt64.random(in: 0...9_999_999_999_999_999_999, using: &generator)
      var text = "\(digits >> UInt64.random(in: 0...50, using: &generator))"
      text.insert(
        ".", at: text.index(text.startIndex, offsetBy: Int.random(in: 1...text.count, using: &generator)))
      if text.hasSuffix(".") { text += "5" }
      texts.append("-" + text)
    }
    let truth = try GroundTruth(json: Data(Self.truth.utf8))
    let list = texts.map { #"{"image_id":17,"category_id":3,"bbox":[0,0,1,1],"score":\#($0)}"# }
    let found = try DetectionsFile.read(json: Data("[\(list.joined(separator: ","))]".utf8), for: truth)
    let wrong = zip(found, texts).filter { $0.score != Double($1) }.map(\.1)
    #expect(wrong.isEmpty, "\(wrong.prefix(5))")
  }

  @Test(
    "Detections that cannot be meant are named",
    arguments: [
      (#"{"image_id": 17"#, #"{"image_id": 99"#, "Detection 1: the ground truth has no image 99."),
      (#""category_id": 3"#, #""category_id": 4"#, "Detection 1: the ground truth has no category 4."),
      ("0.87", "NaN", "Detection 1: the score is nan."),
      ("0.87", "-Infinity", "Detection 1: the score is -inf."),
      ("0.87", "\"high\"", "Detection 1: a number expected at byte"),
      (#""score""#, #""confidence""#, "Detection 1: there is no 'score'."),
      (#""bbox""#, #""box""#, "Detection 1: there is no 'bbox'."),
      ("[10.5, 20, 100, 50.0]", "[10.5, 20, 100]", "Detection 1: a box of 4 numbers expected, not 3 at byte"),
      (
        "[10.5, 20, 100, 50.0]", "[10.5, 20, 100, NaN]",
        "Detection 1: a box with a number that is not finite at byte"
      ),
      (#""image_id": 17"#, #""image_id": 17.5"#, "Detection 1: a whole number expected, not 17.5 at byte"),
      (#", "bbox""#, #" "bbox""#, "Detection 1: ',' or '}' expected at byte"),
    ])
  func brokenDetections(part: String, replacement: String, message: String) throws {
    let truth = try GroundTruth(json: Data(Self.truth.utf8))
    let broken = Self.detection.replacingOccurrences(of: part, with: replacement)
    let error = #expect(throws: EvaluationError.self) {
      try DetectionsFile.read(json: Data("[\(Self.detection), \(broken)]".utf8), for: truth)
    }
    #expect(error?.description.hasPrefix(message) == true, "\(error?.description ?? "")")
  }

  @Test(
    "Files of another format are named",
    arguments: [
      (FileTests.truth, "A list of detections expected, not a ground truth."),
      (#"{"coco": []}"#, "A list of detections expected, not an object with 'coco'."),
      ("{}", "A list of detections expected, not an object with nothing in it."),
      ("", "A list of detections in JSON expected."),
      ("image,score", "A list of detections in JSON expected."),
      ("[1]", "Detection 0: an object expected at byte 1."),
      ("[] []", "Something follows the end at byte 3."),
    ])
  func otherFormats(text: String, message: String) throws {
    let truth = try GroundTruth(json: Data(Self.truth.utf8))
    let error = #expect(throws: EvaluationError.self) {
      try DetectionsFile.read(json: Data(text.utf8), for: truth)
    }
    #expect(error?.description == message)
  }

  @Test(
    "Annotations that cannot be meant are named",
    arguments: [
      (#""image_id": 4"#, #""image_id": 5"#, "Annotation 1 is on image 5, which is not in the file."),
      (#""category_id": 9"#, #""category_id": 8"#, "Annotation 1 has category 8, which is not in the file."),
      ("[9]", "[8]", "Image 4 has category 8, which is not in the file."),
      (#"{"id": 4"#, #"{"id": 17"#, "Two of the images have the id 17."),
      (#"{"id": 9"#, #"{"id": 3"#, "Two of the categories have the id 3."),
      (#"{"id": 2"#, #"{"id": 1"#, "Annotation 1: another annotation has the id 1, too."),
      (#""frequency": "r""#, #""frequency": "x""#, "Category 1: the frequency is 'x' instead of r, c or f."),
      (#""categories""#, #""classes""#, "There is no 'categories'."),
      (#""iscrowd": 1"#, #""iscrowd": maybe"#, "Annotation 0: a number expected at byte"),
      ("4000.5", "NaN", "Ground-truth box 0 has a number that is not finite."),
    ])
  func brokenAnnotations(part: String, replacement: String, message: String) {
    let broken = Self.truth.replacingOccurrences(of: part, with: replacement)
    let error = #expect(throws: EvaluationError.self) { try GroundTruth(json: Data(broken.utf8)) }
    #expect(error?.description.hasPrefix(message) == true, "\(error?.description ?? "")")
  }

  @Test("Cut and mutated files are read or refused, nothing else")
  func hostile() throws {
    let truth = try GroundTruth(json: Data(Self.truth.utf8))
    let valid = [UInt8](Self.truth.utf8)
    let list = [UInt8]("[\(Self.detection)]".utf8)
    for end in valid.indices {
      #expect(throws: EvaluationError.self) { try GroundTruth(json: Data(valid[..<end])) }
    }
    for end in list.indices {
      #expect(throws: EvaluationError.self) { try DetectionsFile.read(json: Data(list[..<end]), for: truth) }
    }
    var generator = SplitMix(state: 5)
    for _ in 0..<20_000 {
      var (first, second) = (valid, list)
      for _ in 0...Int.random(in: 0...3, using: &generator) {
        first[Int.random(in: first.indices, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
        second[Int.random(in: second.indices, using: &generator)] = UInt8.random(
          in: 0...255, using: &generator)
      }
      do { _ = try GroundTruth(json: Data(first)) } catch is EvaluationError {}
      do { _ = try DetectionsFile.read(json: Data(second), for: truth) } catch is EvaluationError {}
    }
    let nested = String(repeating: "[", count: 200_000)
    #expect(throws: EvaluationError.self) { try GroundTruth(json: Data(#"{"info": \#(nested)"#.utf8)) }
  }
}
