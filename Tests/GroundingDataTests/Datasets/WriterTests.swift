import Foundation
import GroundingData
import Pictures
import Testing

/// What is written and read again is the same.
struct WriterTests {
  static let classes = [ObjectClass(id: 3, name: "red car"), ObjectClass(id: 8, name: "a \"b\" <c> & é")]

  /// Two pictures of detection data, one of them without objects.
  static func detection(in folder: DatasetFolder) throws -> [Record] {
    try folder.picture("pictures/sub/a.png")
    try folder.picture("pictures/b.png", width: 32, height: 40)
    return [
      Record(
        id: "17", picture: .file(folder.file("pictures/sub/a.png")), size: Record.Size(width: 64, height: 48),
        text: .classes,
        objects: [
          Record.Object(box: CornerBox(x0: 10.25, y0: 20, x1: 39.5, y1: 29), classIndex: 1, score: 0.75),
          Record.Object(box: CornerBox(x0: 0, y0: 0, x1: 63, y1: 47), classIndex: 0, score: 0.5),
        ]),
      Record(id: "4", picture: .file(folder.file("pictures/b.png")), text: .classes, objects: []),
    ]
  }

  static func grounding(in folder: DatasetFolder) throws -> [Record] {
    try folder.picture("pictures/a.png")
    let picture = PictureSource.file(folder.file("pictures/a.png"))
    return ["a café\twith \"dogs\"", "nothing\\here"].enumerated().map { index, caption in
      Record(
        id: "\(index)", picture: picture, size: Record.Size(width: 64, height: 48), text: .caption(caption),
        objects: index == 1
          ? []
          : [
            Record.Object(
              box: CornerBox(x0: 1, y0: 2, x1: 30.125, y1: 40), spans: [0..<1, 2..<6], score: 0.5),
            Record.Object(box: CornerBox(x0: 5, y0: 6, x1: 7, y1: 8), spans: [13..<17], score: 0.25),
          ])
    }
  }

  private func roundTrip(
    _ records: [Record], as format: WrittenFormat, classes: [ObjectClass], in folder: DatasetFolder,
    copying: Bool = false
  ) throws -> any CheckedDataset {
    let path = format.isFolder ? "out" : format == .odvg ? "out/data.jsonl" : "out/data.json"
    let pictures: PictureNames =
      copying ? .copied(to: folder.file("out/images")) : .relative(to: folder.file("pictures"))
    let writer = try format.writer(to: folder.file(path), classes: classes, pictures: pictures)
    for record in records { try writer.write(record) }
    let place = format.isFolder ? folder.url : folder.file("out")
    let hidden = try FileManager.default.contentsOfDirectory(atPath: place.path).filter { $0.hasPrefix(".") }
    #expect(!hidden.isEmpty && !FileManager.default.fileExists(atPath: folder.file(path + "/data.yaml").path))
    try writer.finish()
    #expect(writer.omittedObjects == 0)
    #expect(try FileManager.default.contentsOfDirectory(atPath: place.path).allSatisfy { !$0.hasPrefix(".") })
    let map = format == .odvg && !classes.isEmpty ? "out/data_label_map.json" : nil
    return try DatasetDescription(
      annotations: format == .tsv ? "out/data.yaml" : path,
      pictures: format.isFolder ? nil : copying ? "out/images" : "pictures", labelMap: map
    ).open(relativeTo: folder.url)
  }

  @Test(arguments: [WrittenFormat.coco, .odvg, .tsv, .webdataset, .voc], [false, true])
  func detectionDataComeBack(format: WrittenFormat, copying: Bool) throws {
    let folder = try DatasetFolder()
    let records = try Self.detection(in: folder)
    let data = try roundTrip(records, as: format, classes: Self.classes, in: folder, copying: copying)
    let found = try data.allRecords()
    #expect(
      data.classes.map(\.name)
        == (format == .voc ? Self.classes.map(\.name).sorted() : Self.classes.map(\.name)))
    for (record, original) in zip(found, records) {
      // Lines of ODVG have no id.
      if format != .odvg { #expect(record.id == original.id) }
      #expect(record.text == .classes)
      #expect(record.objects.map(\.box) == original.objects.map(\.box))
      #expect(
        record.objects.map { $0.classIndex.map { data.classes[$0].name } }
          == original.objects.map { $0.classIndex.map { Self.classes[$0].name } })
      if format != .voc { #expect(record.objects.map(\.score) == original.objects.map(\.score)) }
      #expect(try record.picture.bytes() == original.picture.bytes())
    }
    #expect(found.map { $0.size?.width } == [64, 32])
    #expect(try data.validate(readingPictures: true).records == 2)
  }

  @Test(arguments: [WrittenFormat.mdetr, .odvg, .tsv, .webdataset], [false, true])
  func groundingDataComeBack(format: WrittenFormat, copying: Bool) throws {
    let folder = try DatasetFolder()
    let records = try Self.grounding(in: folder)
    let data = try roundTrip(records, as: format, classes: [], in: folder, copying: copying)
    #expect(data.classes == [])
    for (record, original) in zip(try data.allRecords(), records) {
      #expect(record.text == original.text)
      #expect(record.objects.map(\.box) == original.objects.map(\.box))
      #expect(record.objects.map(\.spans) == original.objects.map(\.spans))
      #expect(record.objects.map(\.score) == original.objects.map(\.score))
      #expect(try record.picture.bytes() == original.picture.bytes())
    }
    #expect(try data.validate(readingPictures: true).records == 2)
  }

  @Test func yoloHasSharesOfThePicture() throws {
    let folder = try DatasetFolder()
    let writer = try WrittenFormat.yolo.writer(
      to: folder.file("out"), classes: Self.classes, pictures: .relative(to: nil))
    for record in try Self.detection(in: folder) { try writer.write(record) }
    try writer.finish()
    let lines = try String(contentsOf: folder.file("out/labels/17.txt"), encoding: .utf8).split(
      separator: "\n")
    #expect(lines.last == "0 0.5 0.5 1 1")
    #expect(try String(contentsOf: folder.file("out/labels/4.txt"), encoding: .utf8) == "")
    #expect(try Picture(contentsOf: folder.file("out/images/17.png")) == DatasetFolder.picture())
    #expect(
      try String(contentsOf: folder.file("out/data.yaml"), encoding: .utf8).contains("  0: \"red car\"\n"))
  }

  @Test func crowdsAreCountedWhereAFormatHasNoPlaceForThem() throws {
    let folder = try DatasetFolder()
    var record = try Self.detection(in: folder)[0]
    record.objects[0].isCrowd = true
    for (format, omitted) in [
      (WrittenFormat.coco, 0), (.voc, 0), (.odvg, 1), (.tsv, 1), (.webdataset, 1), (.yolo, 1),
    ] {
      let writer = try format.writer(
        to: folder.file(format.rawValue), classes: Self.classes,
        pictures: .relative(to: folder.file("pictures")))
      try writer.write(record)
      #expect(writer.omittedObjects == omitted)
    }
    // None was finished.
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == ["pictures"])
  }

  @Test(arguments: [WrittenFormat.coco, .voc, .yolo])
  func aCaptionIsRefusedWhereItHasNoPlace(format: WrittenFormat) throws {
    let folder = try DatasetFolder()
    let record = try Self.grounding(in: folder)[0]
    let writer = try format.writer(
      to: folder.file("out"), classes: Self.classes, pictures: .relative(to: nil))
    let error = #expect(throws: DatasetError.self) { try writer.write(record) }
    #expect(try #require(error).reason.hasSuffix("has no place for a caption"))
  }

  @Test func aFolderThatHoldsSomethingIsNotWrittenOver() throws {
    let folder = try DatasetFolder()
    try folder.write("mine", to: "out/notes.txt")
    for format in WrittenFormat.allCases where format.isFolder {
      #expect(throws: DatasetError.self) {
        try format.writer(
          to: folder.file("out"), classes: [], pictures: .relative(to: nil))
      }
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == ["out"])
  }
}
