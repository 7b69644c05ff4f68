import Foundation
import GroundingData
import Pictures
import Testing

/// One small file of each format.
struct FormatTests {
  @Test func cocoBoxesBecomeTheirFirstAndLastPixels() throws {
    let folder = try DatasetFolder()
    try folder.coco(annotation: ", \"iscrowd\": 1, \"area\": 250.5, \"segmentation\": [[1, 2, 3, 4]]")
    let data = try folder.open("coco.json")
    #expect(data is COCODataset)
    #expect(data.classes == [ObjectClass(id: 3, name: "red car")])
    #expect(data.size(at: 0) == Record.Size(width: 64, height: 48))
    let record = try data.record(at: 0)
    #expect(record.id == "1")
    #expect(record.text == .classes)
    #expect(record.picture == .file(folder.file("a.png")))
    #expect(
      record.objects == [
        Record.Object(
          box: CornerBox(x0: 10.5, y0: 20, x1: 39.5, y1: 29), classIndex: 0, isCrowd: true, area: 250.5)
      ])
    #expect(try record.picture.load() == DatasetFolder.picture())
  }

  @Test func cocoClassesFollowTheirIdsAndAnnotationsTheirImages() throws {
    let folder = try DatasetFolder()
    try folder.write(
      """
      {"annotations": [
        {"image_id": 5, "id": 1, "category_id": 90, "bbox": [1, 1, 2, 2]},
        {"image_id": 2, "id": 2, "category_id": 7, "bbox": [3, 1, 2, 2]},
        {"image_id": 5, "id": 3, "category_id": 7, "bbox": [4, 1, 2, 2]}],
       "categories": [{"id": 90, "name": "b"}, {"id": 0, "name": "__background__"}, {"id": 7, "name": "a"}],
       "info": {"text": "} ] \\" {"},
       "images": [{"id": 2, "file_name": "x\\u00e9.png"}, {"file_name": "y.png", "id": 5}, {"id": 9, "file_name": "z"}]}
      """, to: "coco.json")
    let data = try folder.open("coco.json")
    #expect(data.classes == [ObjectClass(id: 7, name: "a"), ObjectClass(id: 90, name: "b")])
    let records = try data.allRecords()
    #expect(records.map(\.id) == ["2", "5", "9"])
    #expect(records.map { $0.objects.map(\.classIndex) } == [[0], [1, 0], []])
    #expect(records[1].objects.map(\.box.x0) == [1, 4])
    #expect(records[0].picture == .file(folder.file("xé.png")))
    #expect(data.size(at: 0) == nil)
  }

  @Test func idsMayBeTextAndAMarkMayStandBeforeTheFile() throws {
    let folder = try DatasetFolder()
    let text = """
      {"images": [{"id": "000a1249af2bc5f0", "file_name": "a.jpg"}, {"id": "b", "file_name": "b.jpg"}],
       "annotations": [{"id": 1, "image_id": "b", "category_id": 1, "bbox": [0, 0, 2, 2]}],
       "categories": [{"id": 1, "name": "x"}]}
      """
    try folder.write(Data([0xEF, 0xBB, 0xBF] + text.utf8), to: "open.json")
    let records = try folder.open("open.json").allRecords()
    #expect(records.map(\.id) == ["000a1249af2bc5f0", "b"])
    #expect(records.map(\.objects.count) == [0, 1])
  }

  @Test func otherClassesTakeThePlaceOfTheFiles() throws {
    let folder = try DatasetFolder()
    try folder.coco()
    let data = try folder.open("coco.json", classes: [ObjectClass(id: 3, name: "fire engine")])
    #expect(data.classes.map(\.name) == ["fire engine"])
    #expect(try data.record(at: 0).objects[0].classIndex == 0)
  }

  @Test func lvisTakesFolderAndNameFromTheAddressAndKeepsWhatIsKnownOfClasses() throws {
    let folder = try DatasetFolder()
    try folder.write(
      """
      {"images": [{"id": 397133, "coco_url": "http://images.cocodataset.org/val2017/000000397133.jpg", "width": 640,
        "height": 427, "neg_category_ids": [5], "not_exhaustive_category_ids": [3, 5]}],
       "annotations": [{"id": 1, "image_id": 397133, "category_id": 3, "bbox": [1.0, 2.0, 3.0, 4.0], "area": 12.0}],
       "categories": [{"id": 5, "name": "acorn", "frequency": "f"}, {"id": 3, "name": "armor", "frequency": "r"}]}
      """, to: "lvis.json")
    let data = try #require(try folder.open("lvis.json") as? LVISDataset)
    #expect(data.frequencies == [.rare, .frequent])
    #expect(try data.record(at: 0).picture == .file(folder.file("val2017/000000397133.jpg")))
    #expect(try data.coverage(at: 0) == LVISDataset.Coverage(absent: [1], notExhaustive: [0, 1]))
  }

  @Test func groundingDataTieBoxesToWordsAndPicturesToFolders() throws {
    let folder = try DatasetFolder()
    try folder.write(
      """
      {"images": [{"id": 0, "file_name": "1.jpg", "width": "500", "height": "375", "data_source": "vg",
         "caption": "a café with a dog", "tokens_positive_eval": [[[0, 6]], [[12, 17]]]}],
       "annotations": [{"id": 0, "image_id": 0, "category_id": 1, "bbox": [30.0, 12.0, 200.0, 300.0], "iscrowd": 0,
         "tokens_positive": [[0, 1], [2, 6]]}],
       "categories": [{"id": 1, "name": "object"}]}
      """, to: "mixed.json")
    let description = DatasetDescription(
      annotations: "mixed.json", picturesBySource: ["vg": "gqa", "coco": "train2014"])
    let data = try #require(try description.open(relativeTo: folder.url) as? MDETRDataset)
    let record = try data.record(at: 0)
    #expect(record.text == .caption("a café with a dog"))
    #expect(record.size == Record.Size(width: 500, height: 375))
    #expect(record.picture == .file(folder.file("gqa/1.jpg")))
    #expect(record.objects[0].spans == [0..<1, 2..<6])
    #expect(record.objects[0].box == CornerBox(x0: 30, y0: 12, x1: 229, y1: 311))
    #expect(try data.evaluatedPhrases(at: 0) == [[0..<6], [12..<17]])
  }

  @Test func odvgHoldsDetectionAndGroundingLineByLine() throws {
    let folder = try DatasetFolder()
    let detection =
      #""instances": [{"bbox": [10, 20, 11, 30.5], "label": 1, "category": "dog", "score": 0.5}]"#
    let region1 = #"{"bbox": [[1, 2, 3, 4], [5, 6, 7, 8]], "phrase": "dogs"}"#
    let region2 = #"{"bbox": [10, 20, 30, 40], "phrase": ["a Mat", "two"], "tokens_positive": null}"#
    try folder.write(
      """
      {"filename": "a.jpg", "height": 48, "width": 64, "detection": {\(detection)}}
      {"filename": "b.jpg", "height": 48, "width": 64, "grounding": {"caption": "two dogs on a mat", "regions": [\(region1), \(region2)]}}


      """, to: "od.jsonl")
    let data = try folder.open("od.jsonl")
    #expect(data.classes == [ObjectClass(id: 1, name: "dog")])
    let records = try data.allRecords()
    #expect(records.map(\.id) == ["1", "2"])
    #expect(
      records[0].objects == [
        Record.Object(box: CornerBox(x0: 10, y0: 20, x1: 11, y1: 30.5), classIndex: 0, score: 0.5)
      ])
    #expect(records[1].objects.map(\.spans) == [[4..<8], [4..<8], [12..<17, 0..<3]])
    try folder.write("{\"0\": \"person\", \"1\": \"hound\"}", to: "map.json")
    #expect(try folder.open("od.jsonl", labelMap: "map.json").classes.map(\.name) == ["person", "hound"])
  }

  @Test func vocCountsFromOneAndLowersNames() throws {
    let folder = try DatasetFolder()
    try folder.picture("JPEGImages/000001.png")
    try folder.write(
      """
      <?xml version="1.0"?><annotation><filename>000001.png</filename><size><width>64</width><height>48</height></size>
        <object><name>Dog</name><part><name>head</name><bndbox><xmin>1</xmin></bndbox></part><difficult>1</difficult>
        <bndbox><xmin>1</xmin><ymin>2</ymin><xmax>3.5</xmax><ymax>48</ymax></bndbox></object></annotation>
      """, to: "Annotations/000001.xml")
    try folder.write("000001  1\n", to: "ImageSets/Main/dog_train.txt")
    let description = DatasetDescription(annotations: ".", list: "ImageSets/Main/dog_train.txt")
    let data = try description.open(relativeTo: folder.url)
    #expect(data.classes == [ObjectClass(id: 1, name: "dog")])
    let record = try data.record(at: 0)
    #expect(record.objects.map(\.box) == [CornerBox(x0: 0, y0: 1, x1: 2.5, y1: 47)])
    #expect(record.objects[0].isCrowd)
    #expect(try record.picture.load().width == 64)
  }

  @Test func tsvRowsAreFoundThroughTheirOffsetsAndList() throws {
    let folder = try DatasetFolder()
    let base64 = try DatasetFolder.picture().encoded(as: .png).base64EncodedString()
    try folder.write("k0\t\(base64)\nk1\textra\t\(base64)\n", to: "images.tsv")
    try folder.write("0\n\(4 + base64.utf8.count)\n", to: "images.lineidx")
    try folder.write(
      "k0\t[{\"class\": \"Dog\", \"rect\": [1, 2, 3, 4], \"conf\": 0.25}]\n"
        + "k1\t{\"img_w\": 64, \"img_h\": 48, \"caption\": \"a b\", \"bboxes\": [[[1, 2, 3, 4], [5, 6, 7, 8]]], "
        + "\"scores\": [[0.5, 0.75]], \"tokens_positive\": [[[0, 1], [2, 3]]]}\n", to: "label.tsv")
    try folder.write("k0\t48 64\nk1\t[{\"height\": 48, \"width\": 64}]\n", to: "hw.tsv")
    try folder.write("{\"label_to_idx\": {\"Cat\": 1, \"Dog\": 2}}", to: "map.json")
    try folder.write("1\n0\n1\n", to: "list.tsv")
    try folder.write(
      "img: images.tsv\nlabel: label.tsv\nhw: hw.tsv\nlabelmap: map.json\nlinelist: list.tsv\n",
      to: "data.yaml")
    let data = try folder.open("data.yaml")
    #expect(data.classes == [ObjectClass(id: 1, name: "Cat"), ObjectClass(id: 2, name: "Dog")])
    let records = try data.allRecords()
    #expect(records.map(\.id) == ["k1", "k0", "k1"])
    #expect(records[0].text == .caption("a b"))
    #expect(records[0].objects.map(\.score) == [0.5, 0.75])
    #expect(records[0].objects.map(\.spans) == [[0..<1, 2..<3], [0..<1, 2..<3]])
    #expect(
      records[1].objects == [
        Record.Object(box: CornerBox(x0: 1, y0: 2, x1: 3, y1: 4), classIndex: 1, score: 0.25)
      ])
    #expect(records.map(\.size) == Array(repeating: Record.Size(width: 64, height: 48), count: 3))
    for record in records { #expect(try record.picture.load() == DatasetFolder.picture()) }
  }

  @Test func aConfigurationDescribesADataSetInYAMLOrJSON() throws {
    let folder = try DatasetFolder()
    try folder.coco()
    let yaml = "name: cars\nannotations: coco.json\nformat: coco\nonError: skip\nlimit: 1\n"
    let description = try DatasetDescription(yaml: yaml)
    #expect(
      description
        == DatasetDescription(
          annotations: "coco.json", name: "cars", format: .coco, onError: .skip, limit: 1))
    #expect(try description.open(relativeTo: folder.url).name == "cars")
    let json = try JSONEncoder().encode(description)
    #expect(try JSONDecoder().decode(DatasetDescription.self, from: json) == description)
    #expect(throws: (any Error).self) { try DatasetDescription(yaml: "annotations: a\nonEror: skip\n") }
  }

  @Test func aLimitKeepsTheFirstRecords() throws {
    let folder = try DatasetFolder()
    try folder.write(
      String(repeating: "{\"filename\": \"a\", \"detection\": {\"instances\": []}}\n", count: 5),
      to: "a.jsonl")
    let description = DatasetDescription(annotations: "a.jsonl", limit: 2)
    #expect(try description.open(relativeTo: folder.url).allRecords().map(\.id) == ["1", "2"])
  }
}
