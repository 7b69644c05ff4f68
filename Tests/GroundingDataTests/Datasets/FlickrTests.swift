import Foundation
import GroundingData
import Testing

/// Flickr30k Entities in its published form.
struct FlickrTests {
  private func folder() throws -> DatasetFolder {
    let folder = try DatasetFolder()
    try folder.write(
      """
      [/EN#1/people Two men] ride [/EN#2/vehicles/other a   bike] .
      A café .

      [/EN#0/notvisual It] is [/EN#1/people they]

      """, to: "Sentences/36.txt")
    try folder.write(
      """
      <annotation><filename>36.jpg</filename><size><width>100</width><height>80</height><depth>3</depth></size>
      <object><name>1</name><name>4</name><bndbox><xmin>1</xmin><ymin>2</ymin><xmax>31</xmax><ymax>42</ymax></bndbox></object>
      <object><name>1</name><bndbox><xmin>50</xmin><ymin>2</ymin><xmax>70</xmax><ymax>42</ymax></bndbox></object>
      <object><name>2</name><scene>1</scene><nobndbox>0</nobndbox></object></annotation>
      """, to: "Annotations/36.xml")
    try folder.write("36\n", to: "test.txt")
    return folder
  }

  @Test func captionsHavePhrasesAndTheirBoxes() throws {
    let folder = try folder()
    let data = try #require(try folder.open("") as? FlickrDataset)
    #expect(data.count == 3 && data.classes.isEmpty && data.format == .flickr)
    let record = try data.record(at: 0)
    #expect(record.id == "36_0" && record.size == Record.Size(width: 100, height: 80))
    #expect(record.text == .caption("Two men ride a bike ."))
    #expect(record.objects.map(\.spans) == [[0..<7], [0..<7]])
    #expect(
      record.objects.map { [$0.box.x0, $0.box.y0, $0.box.width, $0.box.height] } == [
        [1, 2, 30, 40], [50, 2, 20, 40],
      ])
    #expect(data.phrases(at: 0).map(\.types) == [["people"], ["vehicles", "other"]])
    #expect(data.phrases(at: 0).map(\.span) == [0..<7, 13..<19])
    #expect(try data.record(at: 1).objects.isEmpty)
    #expect(try data.record(at: 2).objects.map(\.spans) == [[6..<10], [6..<10]])
    guard case .file(let picture) = record.picture else { throw CancellationError() }
    #expect(picture.lastPathComponent == "36.jpg")
  }

  @Test func aListChoosesPictures() throws {
    let folder = try folder()
    try folder.write("A dog .\n", to: "Sentences/7.txt")
    var description = DatasetDescription(annotations: ".", format: .flickr)
    #expect(try description.open(relativeTo: folder.url).count == 4)
    description.list = "test.txt"
    #expect(try description.open(relativeTo: folder.url).count == 3)
    try folder.write("../36\n", to: "test.txt")
    #expect(throws: DatasetError.self) { try description.open(relativeTo: folder.url) }
  }

  @Test(arguments: [
    ("[/EN#1/people A man", "no end"), ("[/EN#1/people [/EN#2/other A man]", "within another"),
    ("[/1/people A man]", "does not begin a phrase"), ("[/EN#1/people ]", "no word"),
  ])
  func brokenMarksAreNamed(line: String, reason: String) throws {
    let folder = try folder()
    try folder.write("A dog .\n\(line)\n", to: "Sentences/36.txt")
    let error = #expect(throws: DatasetError.self) { try folder.open("") }
    let text = try #require(error.map(folder.sentence))
    #expect(text.contains("36.txt, caption 2") && text.contains(reason), "\(text)")
    #expect(try folder.open("", onError: .skip).count == 0)
  }

  @Test func aBrokenBoxIsNamed() throws {
    let folder = try folder()
    let file = folder.file("Annotations/36.xml")
    let text = try String(contentsOf: file, encoding: .utf8)
    try folder.write(text.replacing("<xmax>31</xmax>", with: "<xmax>1</xmax>"), to: "Annotations/36.xml")
    let data = try folder.open("")
    #expect(throws: DatasetError.self) { try data.record(at: 0) }
    #expect(try folder.open("", onError: .skip).record(at: 0).objects.count == 1)
  }
}
