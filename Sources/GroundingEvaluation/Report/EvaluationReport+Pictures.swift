import Pictures

extension MistakeKind {
  var title: String {
    switch self {
    case .missed: "Missed"
    case .falseAlarm: "False"
    case .mislocated: "Mislocated"
    case .confused: "Confused"
    case .doubled: "Found twice"
    }
  }

  func explanation(_ overlap: Double) -> String {
    let required = ReportText.overlap(overlap)
    return switch self {
    case .missed: "objects that no detection is near"
    case .falseAlarm: "detections where there is nothing of the kind"
    case .mislocated:
      "detections of an object's class that overlap it by \(PictureMistakes.leastOverlap) to \(required) only"
    case .confused: "objects that were detected as another class"
    case .doubled: "further detections at objects that were found"
    }
  }

  /// Of the files of its pictures.
  fileprivate var fileName: String {
    switch self {
    case .missed: "missed"
    case .falseAlarm: "false"
    case .mislocated: "mislocated"
    case .confused: "confused"
    case .doubled: "doubled"
    }
  }
}

/// The pictures with the worst mistakes of each kind.
extension EvaluationReport {
  func worstPictures(_ analysis: ReportAnalysis, _ images: ReportImages) throws -> HTML {
    let kinds = MistakeKind.allCases.filter { !(analysis.worst[$0] ?? []).isEmpty }
    guard !kinds.isEmpty else {
      return
        "<p>\(options.picturesPerKind == 0 ? "None were asked for." : "There is no mistake to show.")</p>"
    }
    let drawing = MistakePicture(
      groundTruth: groundTruth, detections: detections, analysis: analysis)
    var result: HTML = """
      <ul class="legend">
      <li><span class="object"></span>object, as annotated</li>
      <li><span class="detection"></span>detection</li>
      <li><span class="object faint"></span><span class="detection faint"></span>thin: other objects, and detections that found theirs</li>
      </ul>

      """
    for kind in kinds {
      var figures: [HTML] = []
      for (place, image) in (analysis.worst[kind] ?? []).enumerated() {
        let what = drawing.description(of: image, kind)
        figures.append(
          try images.figure(
            of: image, in: dataset, name: "worst/\(kind.fileName)-\(place + 1).png",
            what: "\(kind.title): \(what)", caption: "<bdi>\(what)</bdi>", side: options.pictureSide
          ) { drawing.annotations(on: image, kind: kind, scale: $0) })
      }
      result += """
        <h3>\(kind.title)</h3>
        <p class="note">\(ReportText.sentence(kind.explanation(options.overlap))), the worst pictures first.</p>
        <div class="pair">
        \(figures)
        </div>

        """
    }
    return result
  }
}

extension MistakePicture {
  /// Such as "3 person, 1 dog"; of confusions "2 dog as cat".
  func description(of image: Int, _ kind: MistakeKind) -> String {
    var counts: [String: Int] = [:]
    for mistake in mistakes(on: image).mistakes where mistake.kind == kind {
      let object = mistake.object.map { groundTruth.boxes[$0].classIndex }
      let detection = mistake.detection.map { detections[$0].classIndex }
      let names = (kind == .confused ? [object, detection] : [detection ?? object]).compactMap { $0 }
      let text = names.map { ReportText.short(groundTruth.classes[$0].name) }.joined(separator: " as ")
      counts[text, default: 0] += 1
    }
    let sorted = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    let list = sorted.prefix(6).map { "\($0.value) \($0.key)" } + (sorted.count > 6 ? ["…"] : [])
    return list.joined(separator: ", ")
  }
}
