/// The figures of a benchmark.
public struct EvaluationFigures: Sendable, Hashable {
  /// The benchmark's figures, its chief one first.
  public var figures: [Figure]
  /// Of each class that was measured, or type of phrase.
  public var classes: [ClassFigures]

  public struct ClassFigures: Sendable, Hashable {
    /// In files; nil for a type of phrase.
    public var id: Int?
    public var name: String
    /// Objects or phrases that could be found.
    public var objectCount: Int
    public var figures: [Figure]
  }

  /// - Parameter classes: positions in `data.groundTruth.classes` of the classes to measure; nil for all.
  /// - Throws: `EvaluationError`.
  public init(_ found: FoundObjects, on data: EvaluationData, classes: Set<Int>? = nil) throws {
    switch found {
    case .boxes(let boxes): try self.init(boxes, on: data, classes: classes)
    case .phrases(let phrases):
      guard classes == nil else {
        throw EvaluationError(
          .invalidParameters, "\(data.dataset.name) has phrases, of which none is a class")
      }
      switch data.benchmark {
      case .refcoco: self.init(accuracyOf: phrases, on: data)
      default: self.init(recallOf: phrases, on: data)
      }
    }
  }

  // MARK: Classes

  private init(
    _ boxes: ContiguousArray<DetectedBox>, on data: EvaluationData, classes: Set<Int>?
  ) throws {
    let truth = data.groundTruth
    let measured = classes?.sorted() ?? Array(truth.classes.indices)
    var counts = [Int](repeating: 0, count: truth.classes.count)
    for box in truth.boxes {
      // VOC's difficult objects are marked as such, COCO's crowds as those.
      let isIgnored = data.benchmark == .voc || data.benchmark == .voc07 ? box.isDifficult : box.isCrowd
      if !isIgnored { counts[box.classIndex] += 1 }
    }
    func classFigures(_ figures: (Int) -> [Figure]) -> [ClassFigures] {
      measured.map { index in
        ClassFigures(
          id: truth.classes[index].id, name: truth.classes[index].name, objectCount: counts[index],
          figures: figures(index))
      }
    }
    func precisions(_ table: PrecisionTable, _ classes: [Int]) -> [Figure] {
      [("AP", nil), ("AP50", 0.5), ("AP75", 0.75)].map { name, overlap in
        Figure(name: name, value: table.averagePrecision(classes: classes, overlap: overlap))
      }
    }
    switch data.benchmark {
    case .coco, .flickr, .refcoco:
      let evaluation = try COCOEvaluation(groundTruth: truth, detections: boxes, classes: classes)
      figures = evaluation.figures
      self.classes = classFigures { precisions(evaluation.result, [$0]) }
    case .lvis, .lvisFixed:
      let evaluation = try LVISEvaluation(
        groundTruth: truth, detections: boxes, limit: data.benchmark == .lvis ? .standard : .fixed)
      figures = classes == nil ? evaluation.figures : precisions(evaluation.result, measured)
      self.classes = classFigures { precisions(evaluation.result, [$0]) }
    case .voc, .voc07:
      let evaluation = try VOCEvaluation(groundTruth: truth, detections: boxes)
      func both(_ results: [VOCEvaluation.ClassResult]) -> [Figure] {
        func mean(_ values: [Double]) -> Double? {
          values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
        }
        let area = Figure(name: "AP", value: mean(results.compactMap(\.averagePrecision)))
        let points = Figure(name: "AP11", value: mean(results.compactMap(\.elevenPointPrecision)))
        return data.benchmark == .voc ? [area, points] : [points, area]
      }
      figures = both(measured.map { evaluation.classes[$0] })
      self.classes = classFigures { both([evaluation.classes[$0]]) }
    }
  }

  // MARK: Phrases

  private init(recallOf found: [[FoundObject]], on data: EvaluationData) {
    let truths: [PhraseRecall.Truth] = [.anyBox, .mergedBoxes]
    var recalls = truths.map { PhraseRecall($0) }
    for (caption, objects) in zip(data.captions, found) {
      guard let caption else { continue }
      for position in caption.phrases.indices {
        let counted = data.counted(caption, position, objects)
        for index in recalls.indices { recalls[index].add(counted) }
      }
    }
    func figures(of type: String?) -> [Figure] {
      zip(recalls, ["R", "merged R"]).flatMap { recall, name in
        recall.limits.map { limit in
          Figure(
            name: "\(name)@\(limit.map { "\($0)" } ?? "all")", value: recall.recall(of: type, at: limit))
        }
      }
    }
    self.figures = figures(of: nil)
    classes = recalls[0].types.map { type in
      ClassFigures(
        name: type, objectCount: recalls[0].phraseCount(of: type), figures: figures(of: type))
    }
  }

  private init(accuracyOf found: [[FoundObject]], on data: EvaluationData) {
    var accuracy = ReferringAccuracy()
    for (caption, objects) in zip(data.captions, found) {
      guard let object = caption?.phrases.first?.boxes.first else { continue }
      accuracy.add(object: object, found: objects.first?.rectangle(excess: data.benchmark.sideExcess))
    }
    figures = [Figure(name: "accuracy", value: accuracy.value)]
    classes = []
  }
}
