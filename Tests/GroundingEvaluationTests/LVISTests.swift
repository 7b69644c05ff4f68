import Foundation
import GroundingEvaluation
import Testing

@Suite struct LVISTests {
  @Test("Perfect detections have a precision of 1 in every group of classes")
  func perfect() throws {
    let scene = try Scene()
    let figures = try LVISEvaluation(groundTruth: scene.groundTruth, detections: scene.perfect).figures
    for name in ["AP", "AP50", "APr", "APc", "APf", "AR@300"] {
      #expect(figures[name].isAbout(1))
    }
    #expect(figures.count == 13)
  }

  /// One object of class 0 on image 0; class 1 is on no picture.
  private func truth(absent: [Int] = [], incomplete: [Int] = []) throws -> GroundTruth {
    try GroundTruth(
      images: [
        .init(id: 1), .init(id: 2, absentClasses: absent, incompleteClasses: incomplete),
      ],
      classes: [
        .init(id: 1, name: "acorn", frequency: .rare), .init(id: 2, name: "zebra", frequency: .frequent),
      ],
      boxes: [
        GroundTruthBox(imageIndex: 0, classIndex: 0, rectangle: Rectangle(x: 0, y: 0, width: 50, height: 50))
      ])
  }

  private let right = DetectedBox(
    imageIndex: 0, classIndex: 0, rectangle: Rectangle(x: 0, y: 0, width: 50, height: 50), score: 0.5)
  private let wrong = DetectedBox(
    imageIndex: 1, classIndex: 0, rectangle: Rectangle(x: 9, y: 9, width: 50, height: 50), score: 0.9)

  @Test("A detection is wrong only where its class is known to be absent")
  func federation() throws {
    func precision(_ truth: GroundTruth) throws -> Double? {
      try LVISEvaluation(groundTruth: truth, detections: [right, wrong]).figures["AP"]
    }
    #expect(try precision(truth()).isAbout(1))
    #expect(try precision(truth(absent: [0])).isAbout(0.5))
    #expect(try precision(truth(absent: [0], incomplete: [0])).isAbout(1))
  }

  @Test("Fixed AP counts the best detections of a class over all pictures, standard AP those of each picture")
  func limits() throws {
    let truth = try truth(absent: [0])
    func precision(_ limit: LVISEvaluation.Limit) throws -> Double? {
      try LVISEvaluation(groundTruth: truth, detections: [right, wrong], limit: limit).figures["AP"]
    }
    #expect(try precision(.perImage(1)).isAbout(0.5))
    #expect(try precision(.perClass(1)) == 0)
    #expect(try precision(.fixed).isAbout(0.5))
    #expect(throws: EvaluationError.self) { try precision(.perClass(0)) }
  }

  @Test("Classes without a frequency are refused")
  func frequency() throws {
    let truth = try GroundTruth(images: [.init(id: 1)], classes: [.init(id: 1, name: "acorn")], boxes: [])
    #expect(throws: EvaluationError.self) { try LVISEvaluation(groundTruth: truth, detections: []) }
  }

  @Test("Real annotations: their own boxes are perfect, and misplaced ones worthless")
  func real() throws {
    let shared = ProcessInfo.processInfo.environment["GLIP_SHARED"].map { URL(fileURLWithPath: $0) }
    let root = URL(fileURLWithPath: #filePath)  // Tests/GroundingEvaluationTests/LVISTests.swift
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let file = (shared ?? root.deletingLastPathComponent().appendingPathComponent("shared"))
      .appendingPathComponent("data/lvis/lvis_val_100.json")
    guard FileManager.default.fileExists(atPath: file.path) else {
      print("Skipping real annotations: there is no \(file.path).")
      return
    }
    let truth = try GroundTruth(contentsOf: file)
    #expect(truth.images.count == 100 && truth.classes.count == 1230 && truth.boxes.count == 977)
    var found = truth.boxes.enumerated().map { index, box in
      DetectedBox(
        imageIndex: box.imageIndex, classIndex: box.classIndex, rectangle: box.rectangle,
        score: Double(-index))
    }
    let figures = try LVISEvaluation(groundTruth: truth, detections: found, limit: .fixed).figures
    #expect(figures["AP"].isAbout(1))
    for index in found.indices { found[index].rectangle.x += 5000 }
    #expect(try LVISEvaluation(groundTruth: truth, detections: found, limit: .fixed).figures["AP"] == 0)
  }
}
