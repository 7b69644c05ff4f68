import GroundingEvaluation
import Testing

@Suite struct ReportNumbersTests {
  /// A square.
  private func box(_ image: Int, _ classIndex: Int, x: Double, y: Double = 0, side: Double = 100)
    -> GroundTruthBox
  {
    GroundTruthBox(
      imageIndex: image, classIndex: classIndex, rectangle: Rectangle(x: x, y: y, width: side, height: side))
  }

  private func found(_ image: Int, _ classIndex: Int, x: Double, y: Double = 0, score: Double) -> DetectedBox
  {
    DetectedBox(
      imageIndex: image, classIndex: classIndex, rectangle: Rectangle(x: x, y: y, width: 100, height: 100),
      score: score)
  }

  private func truth(_ boxes: [GroundTruthBox], images: Int = 2, frequency: GroundTruth.Frequency? = nil)
    throws
    -> GroundTruth
  {
    try GroundTruth(
      images: (0..<images).map { GroundTruth.Image(id: $0) },
      classes: ["cat", "dog", "cup"].enumerated().map {
        GroundTruth.Class(id: $0, name: $1, frequency: frequency)
      }, boxes: boxes)
  }

  private func analysis(_ truth: GroundTruth, _ detections: [DetectedBox], threshold: Double? = nil)
    -> ReportAnalysis
  {
    var options = EvaluationReport.Options()
    options.threshold = threshold
    return ReportAnalysis(truth, ContiguousArray(detections), options: options)
  }

  @Test("Each mistake is counted as what it is, and stands in the matrix where it belongs")
  func mistakes() throws {
    let truth = try truth([
      box(0, 0, x: 0), box(0, 1, x: 300), box(0, 0, x: 600), box(1, 2, x: 0), box(1, 0, x: 300),
    ])
    let detections = [
      found(0, 0, x: 5, score: 0.9),  // finds the first cat
      found(0, 0, x: 10, score: 0.8),  // finds it again
      found(0, 0, x: 305, score: 0.7),  // takes the dog for a cat
      found(0, 0, x: 650, score: 0.6),  // a third of the second cat
      found(0, 2, x: 0, y: 500, score: 0.5),  // nothing there
      found(1, 0, x: 300, score: 0.2),  // right, but below the threshold
    ]
    let result = analysis(truth, detections, threshold: 0.3)
    #expect(result.foundCount == 1)
    for kind in MistakeKind.allCases {
      #expect(result.mistakeCounts[kind] == (kind == .missed ? 2 : 1), "\(kind)")
    }
    let matrix = result.confusion.table(of: [0, 1, 2], hasOthers: false)
    #expect(matrix == [[1, 0, 0, 2], [1, 0, 0, 0], [0, 0, 0, 1], [2, 0, 1, 0]])
    #expect(result.confusion.confusions().map(\.cell) == [ConfusionMatrix.Cell(truth: 1, detected: 0)])
    #expect(result.worst[.missed] == [1] && result.worst[.confused] == [0])
    // Two of the three classes: the third with all others.
    #expect(result.confusion.table(of: [0], hasOthers: true) == [[1, 0, 2], [1, 0, 1], [2, 1, 0]])
    #expect(result.confusion.leadingClasses(2, of: [0, 1, 2]) == [0, 1])
    // At a lower threshold the last one counts.
    #expect(analysis(truth, detections, threshold: 0.1).foundCount == 2)
  }

  @Test("A row of the matrix has all objects of its class, a column all detections", arguments: 1..<6)
  func sums(seed: Int) throws {
    let scene = try Scene(images: 20, classes: 4, seed: UInt64(seed))
    let detections = scene.imperfect(seed: UInt64(seed) + 100)
    // Without frequencies all classes count on all pictures.
    let truth = try GroundTruth(
      images: scene.groundTruth.images,
      classes: (0..<4).map { GroundTruth.Class(id: $0, name: "\($0)") }, boxes: scene.groundTruth.boxes)
    let table = analysis(truth, detections, threshold: 0.4).confusion
      .table(of: [0, 1, 2, 3], hasOthers: false)
    for index in 0..<4 {
      #expect(table[index].reduce(0, +) == scene.groundTruth.boxes.count { $0.classIndex == index })
      let column = table.reduce(0) { $0 + $1[index] }
      #expect(column == detections.count { $0.classIndex == index && $0.score >= 0.4 })
    }
  }

  @Test("What counts as found is what COCO counts as found", arguments: 1..<6)
  func sameAsCOCO(seed: Int) throws {
    let scene = try Scene(images: 20, classes: 4, seed: UInt64(seed))
    let detections = scene.imperfect(seed: UInt64(seed))
    let evaluation = try COCOEvaluation(groundTruth: scene.groundTruth, detections: detections)
    let result = analysis(scene.groundTruth, detections, threshold: -1)
    for (index, element) in result.classes.enumerated() {
      let recall = evaluation.result.averageRecall(classes: [index], overlap: 0.5)
      #expect(recall == element.atThreshold?.recall)
    }
  }

  @Test("Crowds, difficult objects and classes that nobody looked for count neither way")
  func leftOut() throws {
    var crowd = box(0, 0, x: 0, side: 400)
    crowd.isCrowd = true
    var difficult = box(0, 1, x: 500)
    difficult.isDifficult = true
    let detections = [
      found(0, 0, x: 10, score: 0.9), found(0, 0, x: 200, score: 0.8), found(0, 1, x: 500, score: 0.7),
    ]
    let result = analysis(try truth([crowd, difficult]), detections, threshold: 0)
    #expect(result.curve.objectCount == 0 && result.histogram.wrong.allSatisfy { $0 == 0 })
    #expect(result.mistakeCounts.isEmpty && result.foundCount == 0)

    let truth = try GroundTruth(
      images: [GroundTruth.Image(id: 0, absentClasses: [1])],
      classes: (0..<3).map { GroundTruth.Class(id: $0, name: "\($0)", frequency: .common) },
      boxes: [box(0, 0, x: 0)])
    let federated = (0..<3).map { found(0, $0, x: 300 * Double($0), score: 0.9) }
    let matches = Matches(truth, ContiguousArray(federated), overlap: 0.5)
    #expect(matches.verdicts == [.right(object: 0), .wrong, .leftOut])
  }

  @Test("The best threshold is that of the highest F1, and equal scores are kept or left together")
  func bestThreshold() throws {
    func curve(_ pairs: [(Double, Bool)], objects: Int) -> ThresholdCurve {
      ThresholdCurve(pairs.map { ScoredDetection(score: $0, isRight: $1) }, objectCount: objects)
    }
    let plain = curve([(0.6, false), (0.9, true), (0.8, false), (0.7, true)], objects: 3)
    let best = try #require(plain.best)
    #expect(best.score == 0.7 && best.precision == 2.0 / 3 && best.recall == 2.0 / 3)
    #expect(abs(best.f1 - 2.0 / 3) < 1e-12 && plain.points.map(\.score) == [0.9, 0.8, 0.7, 0.6])

    let equal = curve([(0.5, true), (0.5, false), (0.5, false)], objects: 1)
    #expect(equal.points.map(\.precision) == [1.0 / 3] && equal.best?.score == 0.5)
    #expect(curve([(0.5, false)], objects: 1).best == nil)
    #expect(curve([], objects: 1).best == nil && curve([(0.5, false)], objects: 0).best == nil)

    let many = curve((0..<50_000).map { (Double($0), $0 % 3 == 0) }, objects: 20_000)
    #expect(many.points.count <= 2100 && many.points.first?.score == 49_999 && many.points.last?.score == 0)
  }

  @Test("The best threshold of all classes is the one that mistakes are counted at")
  func threshold() throws {
    let truth = try truth([box(0, 0, x: 0), box(0, 1, x: 300)])
    let detections = [
      found(0, 0, x: 0, score: 0.9), found(0, 1, x: 300, score: 0.6), found(0, 1, x: 900, score: 0.5),
    ]
    let result = analysis(truth, detections)
    #expect(result.threshold == 0.6 && result.atThreshold?.f1 == 1 && result.mistakeCounts.isEmpty)
    #expect(result.classes.map { $0.best?.score } == [0.9, 0.6, nil])
  }

  @Test("Scores are counted in bins from 0 to 1, or wherever they are")
  func histogram() {
    func histogram(_ scores: [Double]) -> ScoreHistogram {
      ScoreHistogram(scores.map { ScoredDetection(score: $0, isRight: $0 > 0.5) }, bins: 4)
    }
    let shares = histogram([0, 0.1, 0.25, 0.6, 1])
    #expect(shares.edges == [0, 0.25, 0.5, 0.75, 1])
    #expect(shares.wrong == [2, 1, 0, 0] && shares.right == [0, 0, 1, 1])
    #expect(histogram([-3, 5]).edges == [-3, -1, 1, 3, 5] && histogram([]).right == [0, 0, 0, 0])
    let huge = Double.greatestFiniteMagnitude
    for scores in [[-huge, huge], [-huge], [huge], [-1e-300], [-5, -5]] {
      let result = histogram(scores)
      #expect((result.right + result.wrong).reduce(0, +) == Double(scores.count))
    }
  }

  @Test("Objects are counted by size with COCO's limits")
  func sizes() throws {
    let truth = try truth([
      box(0, 0, x: 0, side: 20), box(0, 0, x: 300, side: 100), box(1, 0, x: 0, side: 40),
    ])
    let sizes = analysis(truth, [found(0, 0, x: 300, score: 1)], threshold: 0.5).sizes
    #expect(sizes.counts(from: 0, to: 32) == (1, 0) && sizes.counts(from: 32, to: 96) == (1, 0))
    #expect(sizes.counts(from: 96, to: .infinity) == (1, 1))
  }
}
