import Pictures
import RunLog

/// The sections of the page, and with them the files of their plots.
extension PhraseReport {
  /// More types are in the table only.
  private static let mostBars = 10

  func page(_ images: ReportImages) throws -> ReportPage {
    let counts = [
      ReportText.counted(captions.count, "caption"), ReportText.counted(recall.phraseCount(), "phrase"),
    ]
    var page = ReportPage(title: title, subtitle: counts.joined(separator: ", "))
    page.add("summary", "Summary", ReportPage.tiles(figures))
    page.add("types", "Types of phrases", try types(images))
    page.add("worst", "Worst captions", try worstCaptions(images))
    return page
  }

  private func name(_ limit: Int?) -> String { "R@\(limit.map { "\($0)" } ?? "all")" }

  private func types(_ images: ReportImages) throws -> HTML {
    let types = recall.types.sorted { one, other in
      (recall.phraseCount(of: other), one) < (recall.phraseCount(of: one), other)
    }
    guard !types.isEmpty else { return "<p>The data set does not tell of what types its phrases are.</p>" }
    let rows = types.map { type in
      ReportPage.row(
        type,
        [ReportPage.cell(ReportText.count(recall.phraseCount(of: type)))]
          + recall.limits.map { ReportPage.bar(recall.recall(of: type, at: $0)) })
    }
    let shown = types.prefix(Self.mostBars)
    let limits = [recall.limits.first, recall.limits.dropFirst().first, recall.limits.last].compactMap { $0 }
    let plot = Plot(
      title: "Recall of types", yLabel: "recall",
      series: ReportPlots.sideBySide(
        (0...shown.count).map(Double.init),
        limits.map { limit in (name(limit), shown.map { recall.recall(of: $0, at: limit) ?? 0 }) }),
      xRange: 0...Double(shown.count), yRange: 0...1,
      xTicks: shown.enumerated().map { Plot.Tick(value: Double($0) + 0.5, label: ReportText.short($1, 12)) })
    let figure = try images.plot(
      plot, name: "plots/types.png", width: 1000, height: 400,
      alt: "Recall of the types with most phrases; the table below has the numbers.")
    return "<figure>\(figure)</figure>\n"
      + ReportPage.table(
        "Share of the phrases that were found with so many boxes, in percent",
        head: ["Type", "Phrases"] + recall.limits.map(name), rows: rows)
  }

  private func worstCaptions(_ images: ReportImages) throws -> HTML {
    let worst = worst()
    guard !worst.isEmpty else {
      return "<p>\(pictureCount == 0 ? "None were asked for." : "No phrase was missed.")</p>"
    }
    let figures = try worst.enumerated().map { place, index in
      let caption = captions[index]
      let missed = missed(in: caption)
      return try images.figure(
        of: caption.recordIndex, in: dataset, name: "worst/missed-\(place + 1).png",
        what: "missed: \(missed.map { text(of: $0, in: caption) }.joined(separator: ", "))",
        caption: marked(caption, missed), side: pictureSide
      ) { scale in missed.flatMap { annotations($0, text(of: $0, in: caption), scale) } }
    }
    return """
      <ul class="legend">
      <li><span class="object"></span>what the phrase means, as annotated</li>
      <li><span class="detection"></span>the surest box that was found for it</li>
      </ul>
      <p class="note">Captions with the most <mark>phrases</mark> whose object the surest box does not find.</p>
      <div class="pair">
      \(figures)
      </div>
      """
  }

  private func annotations(_ phrase: Phrase, _ text: String, _ scale: Double) -> [Annotation] {
    phrase.boxes.objectBoxes.map {
      Annotation(box: $0.pixelBox(scale), label: text, colorIndex: MistakePicture.objectColor, lineScale: 2)
    }
      + phrase.boxes.foundBoxes.prefix(1).map {
        Annotation(
          box: $0.pixelBox(scale), label: text, colorIndex: MistakePicture.detectionColor, isDashed: true,
          lineScale: 2)
      }
  }

  private func text(of phrase: Phrase, in caption: Caption) -> String {
    let scalars = Array(caption.text.unicodeScalars)
    return ReportText.short(String(scalars[phrase.span.clamped(to: scalars.indices)]), 40)
  }

  /// The caption with phrases that were missed marked; of those that overlap the first.
  private func marked(_ caption: Caption, _ missed: [Phrase]) -> HTML {
    let scalars = Array(caption.text.unicodeScalars)
    var result: HTML = ""
    var end = 0
    for span in missed.map({ $0.span.clamped(to: scalars.indices) }).sorted(by: {
      $0.lowerBound < $1.lowerBound
    })
    where span.lowerBound >= end && !span.isEmpty {
      result += "\(String(scalars[end..<span.lowerBound]))<mark>\(String(scalars[span]))</mark>"
      end = span.upperBound
    }
    return "<bdi>\(result)\(String(scalars[end...]))</bdi>"
  }
}

extension String {
  fileprivate init(_ scalars: ArraySlice<Unicode.Scalar>) {
    var view = UnicodeScalarView()
    view.append(contentsOf: scalars)
    self.init(view)
  }
}

extension Rectangle {
  /// On a picture that was made smaller.
  func pixelBox(_ scale: Double) -> PixelBox {
    PixelBox(x0: x * scale, y0: y * scale, x1: (x + width) * scale, y1: (y + height) * scale)
  }
}
