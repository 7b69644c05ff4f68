import GroundingEvaluation
import Testing

@Suite struct COCOTests {
  @Test("Perfect detections have a precision and recall of 1")
  func perfect() throws {
    let scene = try Scene()
    let figures = try COCOEvaluation(groundTruth: scene.groundTruth, detections: scene.perfect).figures
    for name in ["AP", "AP50", "AP75", "AR@100"] { #expect(figures[name].isAbout(1)) }
    #expect(figures.map(\.name).prefix(6) == ["AP", "AP50", "AP75", "APs", "APm", "APl"])
    #expect(figures.count == 12)
  }

  @Test("Nothing found is worth 0, and nothing to find is worth nothing")
  func nothing() throws {
    let scene = try Scene()
    let none = try COCOEvaluation(groundTruth: scene.groundTruth, detections: [])
    #expect(none.figures["AP"] == 0 && none.figures["AR@100"] == 0)
    let empty = try GroundTruth(
      images: scene.groundTruth.images, classes: scene.groundTruth.classes, boxes: [])
    let invented = try COCOEvaluation(groundTruth: empty, detections: scene.perfect)
    #expect(invented.figures.allSatisfy { $0.value == nil })
    #expect(invented.result.curve(classIndex: 0, overlap: 0.5).isEmpty)
  }

  @Test("The order in which detections and objects are given does not matter", arguments: 1...5)
  func order(seed: Int) throws {
    let scene = try Scene(images: 12, seed: UInt64(seed))
    let found = scene.imperfect(seed: UInt64(seed))
    let figures = try COCOEvaluation(groundTruth: scene.groundTruth, detections: found).figures
    var generator = SplitMix(state: 99)
    let shuffled = try GroundTruth(
      images: scene.groundTruth.images, classes: scene.groundTruth.classes,
      boxes: scene.groundTruth.boxes.shuffled(using: &generator))
    let other = try COCOEvaluation(groundTruth: shuffled, detections: found.shuffled(using: &generator))
      .figures
    #expect(figures == other)
    #expect((figures["AP"] ?? 0) > 0 && (figures["AP"] ?? 1) < 1)
  }

  @Test("Only the order of scores matters, not their size")
  func scores() throws {
    let scene = try Scene()
    var found = scene.imperfect()
    let figures = try COCOEvaluation(groundTruth: scene.groundTruth, detections: found).figures
    for index in found.indices { found[index].score = found[index].score * 20 - 300 }
    #expect(try COCOEvaluation(groundTruth: scene.groundTruth, detections: found).figures == figures)
  }

  @Test("A second detection of an object is wrong; one within a crowd does not count")
  func crowds() throws {
    func precision(isCrowd: Bool) throws -> Double? {
      let boxes = [
        GroundTruthBox(
          imageIndex: 0, classIndex: 0, rectangle: Rectangle(x: 0, y: 0, width: 100, height: 100),
          isCrowd: isCrowd),
        GroundTruthBox(
          imageIndex: 0, classIndex: 0, rectangle: Rectangle(x: 200, y: 0, width: 100, height: 100)),
      ]
      let truth = try GroundTruth(
        images: [.init(id: 1)], classes: [.init(id: 1, name: "person")], boxes: boxes)
      func found(_ x: Double, _ width: Double, _ score: Double) -> DetectedBox {
        DetectedBox(
          imageIndex: 0, classIndex: 0, rectangle: Rectangle(x: x, y: 0, width: width, height: 100),
          score: score)
      }
      let found3 = [found(0, 100, 0.9), found(1, 98, 0.8), found(200, 100, 0.7)]
      return try COCOEvaluation(groundTruth: truth, detections: found3).figures["AP"]
    }
    #expect(try precision(isCrowd: true).isAbout(1))
    // Precision 1 up to a recall of 0.5 (51 of 101 samples), then 2/3.
    let expected = (51 + 50 * 2.0 / 3) / 101
    #expect(try precision(isCrowd: false).isAbout(expected))
  }

  @Test("Classes and pictures that are left aside change nothing")
  func restriction() throws {
    let scene = try Scene(images: 10)
    let (found, truth) = (scene.imperfect(), scene.groundTruth)
    let all = try COCOEvaluation(groundTruth: truth, detections: found)
    let one = try COCOEvaluation(groundTruth: truth, detections: found, classes: [1])
    #expect(one.figures["AP"] == all.result.averagePrecision(classes: [1]))
    #expect(one.result.averagePrecision(classes: [0]) == nil)

    let part = try COCOEvaluation(groundTruth: truth, detections: found, images: [0, 1, 2])
    let cut = try GroundTruth(
      images: truth.images, classes: truth.classes, boxes: truth.boxes.filter { $0.imageIndex < 3 })
    let expected = try COCOEvaluation(groundTruth: cut, detections: found.filter { $0.imageIndex < 3 })
    #expect(part.figures == expected.figures)
  }

  @Test("Precision falls along a curve, and its mean is the average precision")
  func curve() throws {
    let scene = try Scene()
    let result = try COCOEvaluation(groundTruth: scene.groundTruth, detections: scene.imperfect()).result
    let curve = result.curve(classIndex: 0, overlap: 0.5)
    #expect(curve.count == 101)
    #expect(zip(curve, curve.dropFirst()).allSatisfy { $0.precision >= $1.precision && $0.score >= $1.score })
    let mean = curve.map(\.precision).reduce(0, +) / 101
    #expect(result.averagePrecision(classes: [0], overlap: 0.5).isAbout(mean))
    #expect(result.curve(classIndex: 99, overlap: 0.5).isEmpty)
  }

  @Test("What cannot be measured is refused")
  func errors() throws {
    let scene = try Scene()
    func reason(_ change: (inout DetectedBox, inout PrecisionParameters) -> Void) -> String? {
      var (box, parameters) = (scene.perfect[0], PrecisionParameters())
      change(&box, &parameters)
      do {
        _ = try COCOEvaluation(groundTruth: scene.groundTruth, detections: [box], parameters: parameters)
        return nil
      } catch { return "\(error)" }
    }
    #expect(reason { box, _ in box.imageIndex = 7 } == "Detection 0 is on image 7 of 7.")
    #expect(reason { box, _ in box.classIndex = -1 } == "Detection 0 is of class -1 of 3.")
    #expect(reason { box, _ in box.score = .nan } == "Detection 0 has a number that is not finite.")
    #expect(
      reason { box, _ in box.rectangle.width = .infinity } == "Detection 0 has a number that is not finite.")
    #expect(
      reason { _, parameters in parameters.detectionLimits = [] }?.contains("positive and rising") == true)
    #expect(reason { _, parameters in parameters.overlaps = [] }?.contains("1 and 64 overlaps") == true)
    #expect(reason { _, parameters in parameters.recalls = [1, 0] }?.contains("not rising") == true)
    #expect(reason { _, _ in } == nil)
  }
}
