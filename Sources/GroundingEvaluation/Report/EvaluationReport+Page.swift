import Pictures

/// The sections of the page, and with them the files of their plots.
extension EvaluationReport {
  /// More classes have no plots of their own.
  private static let mostClassPlots = 20
  /// More classes are one row and column of the matrix.
  private static let mostMatrixClasses = 20
  private static let mostConfusions = 15

  func page(_ analysis: ReportAnalysis, _ images: ReportImages) throws -> ReportPage {
    let counts = [
      ReportText.counted(groundTruth.images.count, "picture"),
      ReportText.counted(analysis.curve.objectCount, "object"),
      ReportText.counted(measured.count, "class"),
      ReportText.counted(detections.count, "detection"),
    ]
    var page = ReportPage(title: title, subtitle: counts.joined(separator: ", "))
    page.add("summary", "Summary", summary(analysis))
    page.add("curves", "Precision and recall", try curves(analysis, images))
    page.add("scores", "Scores", try scores(analysis, images))
    page.add("sizes", "Sizes", try sizes(analysis, images))
    page.add("classes", "Classes", try classes(analysis, images))
    page.add("confusions", "Confusions", try confusions(analysis, images))
    page.add("worst", "Worst pictures", try worstPictures(analysis, images))
    return page
  }

  private func summary(_ analysis: ReportAnalysis) -> HTML {
    let isChosen = options.threshold != nil
    let threshold: HTML
    if let point = analysis.atThreshold {
      threshold = """
        <p>\(isChosen ? "Kept are detections with a score of" : "The best balance of precision and recall is at a score of")
        <strong>\(ReportText.score(point.score))</strong> and higher: precision
        \(ReportText.percent(point.precision)) %, recall \(ReportText.percent(point.recall)) %, F1
        \(ReportText.percent(point.f1)) %. All that follows about single mistakes is at this score and an overlap (IoU)
        of \(ReportText.overlap(options.overlap)).</p>
        """
    } else {
      threshold = """
        <p>There is no \(analysis.curve.objectCount == 0 ? "object to be found" : "detection with a score of \(ReportText.score(analysis.threshold)) or higher").</p>
        """
    }
    let kinds = MistakeKind.allCases.map { kind in
      (kind.title, kind.explanation(options.overlap), analysis.mistakeCounts[kind] ?? 0)
    }
    let found = (
      "Found", "objects with a detection of their class that overlaps them enough", analysis.foundCount
    )
    let rows = ([found] + kinds).map { name, note, number in
      ReportPage.row(name, note: note, [ReportPage.cell(ReportText.count(number))])
    }
    return ReportPage.tiles(figures) + threshold
      + ReportPage.table("What became of objects and detections", head: ["Kind", "Number"], rows: rows)
  }

  private func curves(_ analysis: ReportAnalysis, _ images: ReportImages) throws -> HTML {
    let all = ReportPlots.precisionOverRecall(
      precisions, classIndices: measured, title: "Mean over classes")
    let mean = try images.plot(
      all, name: "plots/precision-recall.png", height: 480,
      alt: "Precision over recall, mean over classes: \(all.series.map(\.name).joined(separator: ", ")).")
    let best = analysis.curve.best
    let thresholds = try images.plot(
      ReportPlots.thresholds(analysis), name: "plots/thresholds.png", height: 480,
      alt: "Precision, recall and F1 over the lowest score that is kept; "
        + "the highest F1 is \(ReportText.percent(best?.f1)) percent at \(ReportText.score(best?.score)).")
    return """
      <div class="pair">
      <figure>\(mean)<figcaption>How many of the detections are right (precision) if so many of the objects are to be found \
      (recall); IoU is how much a detection must overlap its object.</figcaption></figure>
      <figure>\(thresholds)<figcaption>Over all classes together, at IoU \(ReportText.overlap(options.overlap)).\
      </figcaption></figure>
      </div>
      """
  }

  private func scores(_ analysis: ReportAnalysis, _ images: ReportImages) throws -> HTML {
    let (right, wrong) = (analysis.histogram.right.reduce(0, +), analysis.histogram.wrong.reduce(0, +))
    let plot = try images.plot(
      ReportPlots.scores(analysis.histogram, title: "Scores of right and wrong detections"),
      name: "plots/scores.png", width: 1000, height: 400,
      alt:
        "Histogram of the scores of \(ReportText.whole(right)) right and \(ReportText.whole(wrong)) wrong detections."
    )
    return """
      <figure>\(plot)<figcaption>The further apart the two are, the easier a threshold is chosen. Whether a detection is \
      right is decided at IoU \(ReportText.overlap(options.overlap)), whatever its score.</figcaption></figure>
      """
  }

  private func sizes(_ analysis: ReportAnalysis, _ images: ReportImages) throws -> HTML {
    let plot = try images.plot(
      ReportPlots.sizes(analysis.sizes), name: "plots/sizes.png", width: 1000, height: 400,
      alt: "Number of objects, and of those found, by their size; the table below has the numbers.")
    let groups: [(name: String, area: PrecisionParameters.AreaRange, low: Double, high: Double)] = [
      ("Small, below 32 × 32 pixels", .small, 0, 32), ("Medium", .medium, 32, 96),
      ("Large, from 96 × 96 pixels", .large, 96, .infinity),
    ]
    let rows = groups.map { group in
      let counts = analysis.sizes.counts(from: group.low, to: group.high)
      let share = counts.objects > 0 ? Double(counts.found) / Double(counts.objects) : nil
      return ReportPage.row(
        group.name,
        [
          ReportPage.cell(ReportText.count(counts.objects)), ReportPage.bar(share),
          ReportPage.bar(precisions.averagePrecision(area: group.area)),
          ReportPage.bar(precisions.averageRecall(area: group.area)),
        ])
    }
    let table = ReportPage.table(
      "Objects by size; found is at the score chosen above, AP and AR are means over overlaps",
      head: ["Size", "Objects", "Found %", "AP", "AR"], rows: rows)
    return "<figure>\(plot)</figure>\n" + table
  }

  private func classes(_ analysis: ReportAnalysis, _ images: ReportImages) throws -> HTML {
    let order = measured.sorted { one, other in
      let (first, second) = (analysis.classes[one], analysis.classes[other])
      return (second.objectCount, second.detectionCount, one) < (
        first.objectCount, first.detectionCount, other
      )
    }
    let rows = order.map { index in
      let summary = analysis.classes[index]
      return ReportPage.row(
        summary.name,
        [
          ReportPage.cell(ReportText.count(summary.objectCount)),
          ReportPage.bar(precisions.averagePrecision(classes: [index])),
          ReportPage.bar(precisions.averagePrecision(classes: [index], overlap: 0.5)),
          ReportPage.bar(precisions.averagePrecision(classes: [index], overlap: 0.75)),
          ReportPage.bar(summary.atThreshold?.precision), ReportPage.bar(summary.atThreshold?.recall),
          ReportPage.cell(ReportText.percent(summary.best?.f1)),
          ReportPage.cell(ReportText.score(summary.best?.score)),
        ])
    }
    let table = ReportPage.table(
      "Classes by number of objects; precision and recall are at the score chosen above, "
        + "the best F1 is at the class's own threshold",
      head: ["Class", "Objects", "AP", "AP50", "AP75", "Precision", "Recall", "Best F1", "Threshold"],
      rows: rows)
    return table + (try classPlots(order, analysis, images))
  }

  /// Curves and scores of the classes with most objects.
  private func classPlots(_ order: [Int], _ analysis: ReportAnalysis, _ images: ReportImages) throws -> HTML {
    let shown = order.filter { analysis.classes[$0].objectCount > 0 }.prefix(Self.mostClassPlots)
    guard !shown.isEmpty else { return "" }
    var figures: [HTML] = []
    for index in shown {
      let summary = analysis.classes[index]
      let name = ReportText.short(summary.name)
      let stem = "classes/\(index + 1)-\(ReportText.fileName(summary.name))"
      let curve = try images.plot(
        ReportPlots.precisionOverRecall(precisions, classIndices: [index], title: name),
        name: "\(stem).png", width: 560, height: 340, alt: "Precision over recall of \(name).")
      let scores = try images.plot(
        ReportPlots.scores(summary.histogram, title: "\(name): scores"), name: "\(stem)-scores.png",
        width: 560, height: 340, alt: "Histogram of the scores of right and wrong detections of \(name).")
      figures.append("<div>\(curve)</div><div>\(scores)</div>\n")
    }
    let rest = shown.count < order.count ? " of the \(shown.count) classes with most objects" : ""
    return
      "<details><summary>Curves and scores\(rest)</summary>\n<div class=\"pair\">\n\(figures)</div></details>"
  }

  private func confusions(_ analysis: ReportAnalysis, _ images: ReportImages) throws -> HTML {
    let leading = analysis.confusion.leadingClasses(Self.mostMatrixClasses, of: measured)
    let hasOthers = leading.count < measured.count
    let names =
      leading.map { ReportText.short(groundTruth.classes[$0].name) } + (hasOthers ? ["all others"] : []) + [
        "background"
      ]
    let table = analysis.confusion.table(of: leading, hasOthers: hasOthers)
    let matrix = try images.drawing(
      name: "plots/confusions.png", alt: "Matrix of confusions; the table below has the most frequent ones.",
      kind: "matrix"
    ) { isDark throws(PictureError) in
      try ConfusionDrawing(table: table, names: names, isDark: isDark).picture()
    }
    let figure: HTML = """
      <figure><div class="wide" role="region" aria-label="Matrix of confusions" tabindex="0">\(matrix)</div>
      <figcaption>Rows are objects as annotated, columns what they were detected as. In the last column are objects that were \
      not found, in the last row detections where no such object is.</figcaption></figure>

      """
    let pairs = analysis.confusion.confusions()
    guard !pairs.isEmpty else { return figure + "<p>No object was taken for one of another class.</p>" }
    let rows = pairs.prefix(Self.mostConfusions).map { pair in
      let objects = analysis.classes[pair.cell.truth]
      return ReportPage.row(
        objects.name, note: "taken for \(groundTruth.classes[pair.cell.detected].name)",
        [
          ReportPage.cell(ReportText.count(pair.count)),
          ReportPage.bar(Double(pair.count) / Double(max(objects.objectCount, 1))),
        ])
    }
    return figure
      + ReportPage.table(
        "The most frequent confusions", head: ["Object", "Times", "% of the objects"], rows: rows
      )
  }
}
