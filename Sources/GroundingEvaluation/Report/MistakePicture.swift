import Pictures

/// Pictures with what is on them and what was found: objects in whole lines, detections in dashed ones of another
/// colour; mistakes thick and with their names, what was found thin.
struct MistakePicture {
  let groundTruth: GroundTruth
  let detections: ContiguousArray<DetectedBox>
  let analysis: ReportAnalysis

  /// Of `AnnotationColor`: a light blue and an orange, which everybody tells apart.
  static let objectColor = 4
  static let detectionColor = 3

  /// More names would hide the picture.
  private static let mostNames = 16

  func mistakes(on image: Int) -> PictureMistakes {
    PictureMistakes(analysis.matches, on: image, downTo: analysis.threshold, groundTruth, detections)
  }

  /// - Parameters:
  ///   - image: position of the picture in the ground truth.
  ///   - kind: which mistakes are meant; detections with others are left out.
  ///   - scale: of the picture that is drawn on.
  func annotations(on image: Int, kind: MistakeKind, scale: Double) -> [Annotation] {
    let all = mistakes(on: image)
    let meant = all.mistakes.filter { $0.kind == kind }.sorted { badness($0) > badness($1) }
    let meantObjects = Set(meant.compactMap(\.object))
    let named = meant.prefix(Self.mostNames)
    // A detection's name is its object's too, but for these.
    let namesObjects = kind == .missed || kind == .confused
    let namedObjects = Set(namesObjects ? named.compactMap(\.object) : [])
    let namedDetections = Set(named.compactMap(\.detection))

    let objects = analysis.matches.objects(on: image).map { object in
      let box = groundTruth.boxes[object]
      return Annotation(
        box: box.rectangle.pixelBox(scale),
        label: namedObjects.contains(object) ? className(box.classIndex) : "",
        colorIndex: Self.objectColor, lineScale: meantObjects.contains(object) ? 2 : 1)
    }
    func dashed(_ detection: Int, isMeant: Bool) -> Annotation {
      let box = detections[detection]
      let label =
        namedDetections.contains(detection)
        ? "\(className(box.classIndex)) \(scoreText(box.score))" : ""
      return Annotation(
        box: box.rectangle.pixelBox(scale), label: label, colorIndex: Self.detectionColor,
        isDashed: true, lineScale: isMeant ? 2 : 1)
    }
    return meant.compactMap(\.detection).map { dashed($0, isMeant: true) } + objects
      + all.found.map { dashed($0.detection, isMeant: false) }
  }

  /// Of a missed object its size, of a detection its score.
  private func badness(_ mistake: Mistake) -> Double {
    if let detection = mistake.detection { return detections[detection].score }
    return mistake.object.map { groundTruth.boxes[$0].area } ?? 0
  }

  private func className(_ index: Int) -> String { ReportText.short(groundTruth.classes[index].name) }

  private func scoreText(_ score: Double) -> String {
    (0...1).contains(score) ? "\(Int((score * 100).rounded(.down)))%" : ReportText.score(score)
  }
}
