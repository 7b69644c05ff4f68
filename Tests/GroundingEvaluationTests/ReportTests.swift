import Foundation
import GroundingData
import GroundingEvaluation
import Pictures
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

@Suite struct ReportTests {
  private let hostile = "<script>alert(\"1\")</script>'&amp;\u{0}\u{202E}]]>--><img src=x onerror=alert(1)>"

  /// Pictures in a folder, of which the last is missing.
  private func dataset(_ folder: TemporaryFolder, count: Int, id: String = "picture") throws -> Records {
    try Records(
      records: (0..<count).map { index in
        let file = folder.url.appending(path: "\(index) <b>.png")
        if index + 1 < count {
          try Picture(width: 400, height: 300, pixels: [UInt8](repeating: 90, count: 360_000)).write(to: file)
        }
        return Record(id: "\(id) \(index)", picture: .file(file), text: .classes, objects: [])
      })
  }

  @Test("A report has a page of well-formed XHTML with all that it shows, and the same in files")
  func wholeReport() throws {
    let folder = try TemporaryFolder()
    let scene = try Scene(images: 7, classes: 3)
    let target = folder.url.appending(path: "report")
    let report = try EvaluationReport(
      title: "Scene", groundTruth: scene.groundTruth, detections: scene.imperfect(),
      dataset: dataset(folder, count: 7))
    try report.write(to: target)
    let page = try Page(target)
    #expect(
      page.ids.isSuperset(of: ["summary", "curves", "scores", "sizes", "classes", "confusions", "worst"]))
    #expect(page.text.contains("class 2") && page.text.contains("AP50"))
    #expect(page.images.allSatisfy { !$0.alt.isEmpty && $0.width > 0 })
    // A picture that is gone is named, and does no harm.
    #expect(page.text.contains("6 <b>.png cannot be read") || !page.text.contains("picture 6"))

    let files = try FileManager.default.subpathsOfDirectory(atPath: target.path).filter {
      $0.hasSuffix(".png")
    }
    #expect(files.count { $0.hasPrefix("plots/") } == 5 && files.count { $0.hasPrefix("classes/") } == 6)
    #expect(files.count { $0.hasPrefix("worst/") } > 5)
    for file in files { _ = try Picture(contentsOf: target.appending(path: file)) }
    // On the page every drawing is there for light and dark, and can be read.
    #expect(page.images.count == files.count && page.sources == 11)
    for data in page.data { _ = try Picture(data: data, name: "on the page") }
  }

  @Test("Names from files cannot become anything but text")
  func hostileNames() throws {
    let folder = try TemporaryFolder()
    let scene = try Scene(images: 3, classes: 2)
    let truth = try GroundTruth(
      images: scene.groundTruth.images,
      classes: [
        GroundTruth.Class(id: 0, name: hostile),
        GroundTruth.Class(id: 1, name: "../../\"onload=\"x" + String(repeating: "long", count: 50_000)),
      ], boxes: scene.groundTruth.boxes)
    let target = folder.url.appending(path: "report")
    let report = try EvaluationReport(
      title: hostile, groundTruth: truth, detections: scene.imperfect(),
      dataset: dataset(folder, count: 3, id: hostile), figures: [Figure(name: hostile, value: 0.5)])
    try report.write(to: target)
    let page = try Page(target)
    #expect(page.elements.isSubset(of: Page.expected), "\(page.elements.subtracting(Page.expected))")
    #expect(page.attributes.isSubset(of: Page.expectedAttributes))
    // It is all still to be read, but for what cannot be written.
    #expect(
      page.text.contains(
        "<script>alert(\"1\")</script>'&amp;\u{FFFD}\u{FFFD}]]>--><img src=x onerror=alert(1)>"))
    let names = try FileManager.default.subpathsOfDirectory(atPath: target.path)
    #expect(names.allSatisfy { !$0.contains("..") && $0.utf8.count < 100 })
  }

  @Test("Literals are markup, what is put into them is not")
  func escaping() {
    let name = "a<b>&\"c\"'\u{1}\u{FFFE}\t"
    let piece: HTML = "<i title=\"\(name)\">\(name)</i>"
    let escaped = "a&lt;b&gt;&amp;&quot;c&quot;&#39;\u{FFFD}\u{FFFD}\t"
    #expect(piece.text == "<i title=\"\(escaped)\">\(escaped)</i>")
    let nested: HTML = "<p>\(piece)\([piece, piece])\(3)</p>"
    #expect(nested.text == "<p>\(piece.text)\(piece.text)\(piece.text)3</p>")
  }

  @Test("There is a report where there are no objects, no detections, no classes or no pictures")
  func nothing() throws {
    let folder = try TemporaryFolder()
    let scene = try Scene(images: 3, classes: 2)
    let (images, classes) = (scene.groundTruth.images, scene.groundTruth.classes)
    let withoutObjects = try GroundTruth(images: images, classes: classes, boxes: [])
    let cases: [(GroundTruth, [DetectedBox])] = [
      (scene.groundTruth, []), (withoutObjects, scene.imperfect()), (withoutObjects, []),
      (try GroundTruth(images: images, classes: [], boxes: []), []),
      (try GroundTruth(images: [], classes: classes, boxes: []), []),
    ]
    for (truth, detections) in cases {
      let target = folder.url.appending(path: "report")
      try EvaluationReport(
        title: "Nothing", groundTruth: truth, detections: detections,
        dataset: dataset(folder, count: truth.images.count)
      ).write(to: target)
      let page = try Page(target)
      #expect(page.ids.contains("summary"))
    }
  }

  @Test("A report takes the place of an earlier one, but of nothing else")
  func replacing() throws {
    let folder = try TemporaryFolder()
    let scene = try Scene(images: 2, classes: 2)
    let target = folder.url.appending(path: "report")
    let report = try EvaluationReport(
      title: "One", groundTruth: scene.groundTruth, detections: scene.perfect,
      dataset: dataset(folder, count: 2))
    try report.write(to: target)
    try report.write(to: target)
    let other = target.appending(path: "notes.txt")
    try Data("mine".utf8).write(to: other)
    let error = #expect(throws: EvaluationError.self) { try report.write(to: target) }
    #expect(error?.description.contains("notes.txt") == true)
    #expect(try String(contentsOf: other, encoding: .utf8) == "mine")
    #expect(throws: EvaluationError.self) { try report.write(to: other) }
    // Nothing half done is left.
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.url.path)
    #expect(names.allSatisfy { !$0.hasSuffix(".tmp") })
  }

  @Test("What does not belong together or makes no sense is refused")
  func wrongInputs() throws {
    let folder = try TemporaryFolder()
    let scene = try Scene(images: 2, classes: 2)
    var options = EvaluationReport.Options()
    func report(_ count: Int = 2, _ detections: [DetectedBox] = []) throws {
      _ = try EvaluationReport(
        title: "", groundTruth: scene.groundTruth, detections: detections,
        dataset: dataset(folder, count: count), options: options)
    }
    try report()
    #expect(throws: EvaluationError.self) { try report(3) }
    var box = scene.perfect[0]
    box.imageIndex = 2
    #expect(throws: EvaluationError.self) { try report(2, [box]) }
    options.overlap = 0
    #expect(throws: EvaluationError.self) { try report() }
    options = EvaluationReport.Options()
    options.threshold = .nan
    #expect(throws: EvaluationError.self) { try report() }
  }

  @Test("Of chosen classes only those are reported on")
  func chosenClasses() throws {
    let folder = try TemporaryFolder()
    let scene = try Scene(images: 5, classes: 3)
    let target = folder.url.appending(path: "report")
    try EvaluationReport(
      title: "Some", groundTruth: scene.groundTruth, detections: scene.imperfect(),
      dataset: dataset(folder, count: 5), classes: [1]
    ).write(to: target)
    let page = try Page(target)
    #expect(page.text.contains("class 1") && !page.text.contains("class 2") && !page.text.contains("class 0"))
  }

  @Test("A report on captions marks the phrases that were missed")
  func phrases() throws {
    let folder = try TemporaryFolder()
    let dataset = try dataset(folder, count: 3)
    let object = Rectangle(x: 10, y: 10, width: 100, height: 80)
    let elsewhere = Rectangle(x: 200, y: 150, width: 100, height: 80)
    func phrase(_ span: Range<Int>, _ type: String, _ found: [Rectangle]) -> PhraseReport.Phrase {
      PhraseReport.Phrase(
        span: span, boxes: PhraseRecall.Phrase(types: [type], objectBoxes: [object], foundBoxes: found))
    }
    let captions = [
      PhraseReport.Caption(recordIndex: 0, text: "a <b> dog", phrases: [phrase(6..<9, "animals", [object])]),
      PhraseReport.Caption(
        recordIndex: 1, text: "a man & a <i>cat",
        phrases: [
          phrase(2..<5, "people", [elsewhere, object]), phrase(10..<16, "animals", []),
          phrase(5..<99, "other", []),
        ]),
      PhraseReport.Caption(recordIndex: 2, text: "", phrases: [phrase(0..<4, "people", [])]),
    ]
    let target = folder.url.appending(path: "report")
    try PhraseReport(title: "Captions", captions: captions, dataset: dataset).write(to: target)
    let page = try Page(target)
    #expect(page.elements.isSubset(of: Page.expected))
    #expect(page.marks.contains("man") && !page.marks.contains("dog"))
    #expect(page.text.contains("a man & a <i>cat") && page.text.contains("people"))
    // Two of the captions have mistakes; the picture of one is gone.
    #expect(page.text.contains("cannot be read"))
    #expect(FileManager.default.fileExists(atPath: target.appending(path: "worst/missed-1.png").path))
    try PhraseReport(title: "None", captions: [], dataset: dataset).write(to: target)
    #expect(throws: EvaluationError.self) {
      try PhraseReport(
        title: "", captions: [PhraseReport.Caption(recordIndex: 3, text: "", phrases: [])], dataset: dataset)
    }
  }
}

private struct Records: GroundingDataset {
  let records: [Record]
  var name: String { "records" }
  var classes: [ObjectClass] { [] }
  var count: Int { records.count }
  func record(at index: Int) throws -> Record { records[index] }
  func size(at index: Int) -> Record.Size? { nil }
}

private final class TemporaryFolder {
  let url = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)

  init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }
  deinit { try? FileManager.default.removeItem(at: url) }
}

/// A report's page as a parser of XML sees it.
private final class Page: NSObject, XMLParserDelegate {
  static let expected: Set = [
    "html", "head", "meta", "title", "style", "body", "header", "h1", "h2", "h3", "p", "nav", "ul", "li", "a",
    "main",
    "section", "dl", "div", "dt", "dd", "strong", "table", "caption", "thead", "tbody", "tr", "th", "td",
    "small", "bdi",
    "figure", "figcaption", "picture", "source", "img", "details", "summary", "span", "mark",
  ]
  static let expectedAttributes: Set = [
    "lang", "charset", "name", "content", "http-equiv", "aria-label", "aria-labelledby", "href", "id",
    "class", "role",
    "tabindex", "scope", "style", "media", "srcset", "src", "alt", "width", "height",
  ]

  private(set) var elements: Set<String> = []
  private(set) var attributes: Set<String> = []
  private(set) var ids: Set<String> = []
  private(set) var images: [(alt: String, width: Int)] = []
  private(set) var sources = 0
  private(set) var data: [Data] = []
  private(set) var marks = ""
  private(set) var text = ""
  private var open: [String] = []

  init(_ folder: URL) throws {
    super.init()
    let parser = XMLParser(data: try Data(contentsOf: folder.appending(path: "index.html")))
    parser.delegate = self
    try #require(parser.parse(), "\(String(describing: parser.parserError)) in line \(parser.lineNumber)")
  }

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
    attributes: [String: String]
  ) {
    open.append(name)
    elements.insert(name)
    self.attributes.formUnion(attributes.keys)
    if let id = attributes["id"] { ids.insert(id) }
    if name == "img" { images.append((attributes["alt"] ?? "", Int(attributes["width"] ?? "") ?? 0)) }
    if name == "source" { sources += 1 }
    for value in [attributes["src"], attributes["srcset"]].compactMap({ $0 }) {
      if let comma = value.firstIndex(of: ","), value.hasPrefix("data:image/") {
        data.append(Data(base64Encoded: String(value[comma...].dropFirst())) ?? Data())
      } else {
        Issue.record("a picture is from elsewhere")
      }
    }
  }

  func parser(_ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?)
  {
    open.removeLast()
  }

  func parser(_ parser: XMLParser, foundCharacters characters: String) {
    text += characters
    if open.last == "mark" { marks += characters }
  }
}
