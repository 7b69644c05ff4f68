import Foundation
import GroundingData
import Testing

/// What can be wrong with a data set, and the sentence that tells of it.
struct BrokenDataTests {
  /// A data set, made in a folder, and the first thing that is wrong with it.
  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    let sentence: String
    let readsPictures: Bool
    /// Gives what to open.
    let make: @Sendable (DatasetFolder) throws -> String

    var testDescription: String { name }

    init(
      _ name: String, _ sentence: String, readsPictures: Bool = false,
      _ make: @escaping @Sendable (DatasetFolder) throws -> String
    ) {
      (self.name, self.sentence, self.readsPictures, self.make) = (name, sentence, readsPictures, make)
    }

    /// A file in COCO's form whose annotation 7 has another box, category or other members.
    static func annotation(_ name: String, _ members: String, _ sentence: String) -> Case {
      Case(name, "coco.json, annotation 7: \(sentence).") { folder in
        try folder.coco(annotation: ", " + members)
        return "coco.json"
      }
    }

    static func text(_ name: String, _ text: String, as file: String = "coco.json", _ sentence: String)
      -> Case
    {
      Case(name, sentence) { folder in
        try folder.write(text, to: file)
        return file
      }
    }

    /// A folder with one file in Pascal VOC's form.
    static func xml(_ name: String, _ text: String, _ sentence: String) -> Case {
      Case(name, "x/a.xml" + sentence) { folder in
        try folder.write(text, to: "x/a.xml")
        return "x"
      }
    }

    /// A sentence "a dog on a mat" with one region.
    static func region(_ name: String, _ region: String, _ sentence: String) -> Case {
      text(
        name,
        #"{"filename": "a.png", "grounding": {"caption": "a dog on a mat", "regions": [{"bbox": [1, 2, 3, 4], \#(region)}]}}"#,
        as: "a.jsonl", "a.jsonl, line 1: region 1: \(sentence).")
    }
  }

  /// Members that come later count, as in Python.
  static let boxes: [Case] = [
    .annotation(
      "box of NaN", #""bbox": [NaN, 1, 2, 3]"#, "its box [nan, 1, 2, 3] has a number that is not finite"),
    .annotation(
      "infinite box", #""bbox": [1, -Infinity, 2, 3]"#,
      "its box [1, -inf, 2, 3] has a number that is not finite"),
    .annotation(
      "number beyond all bounds", #""bbox": [1, 1e999, 2, 3]"#,
      "its box [1, inf, 2, 3] has a number that is not finite"),
    .annotation(
      "huge number", #""bbox": [1, 2, 3e300, 3]"#, "its box [1, 2, 3e+300, 3] has a number that is too large"),
    .annotation("negative size", #""bbox": [5, 5, -2, 3]"#, "its box [5, 5, -2, 3] has a negative size"),
    .annotation("no area", #""bbox": [5, 5, 0, 3]"#, "its box [5, 5, 0, 3] has no area"),
    .annotation(
      "box outside", #""bbox": [64, 5, 10, 3]"#,
      "its box [64, 5, 10, 3] lies outside of the picture of 64x48 pixels"),
    .annotation("box of words", #""bbox": [1, "2", 3, 4]"#, "'bbox' is not a list of numbers"),
    .annotation("box of three", #""bbox": [1, 2, 3]"#, "its box has 3 numbers instead of four"),
    .annotation("no box", #""bbox": null"#, "there is no 'bbox'"),
    .annotation("unknown category", #""category_id": 4"#, "there is no category 4"),
    .annotation("category of a wrong type", #""category_id": "3""#, "'category_id' is not a whole number"),
    .annotation("unknown image", #""image_id": 99"#, "there is no image 99"),
  ]

  static let cocoFiles: [Case] = [
    Case("image without a name", "coco.json, image 1: there is no 'file_name'.") { folder in
      try folder.coco(image: #", "file_name": null"#)
      return "coco.json"
    },
    Case(
      "name that leaves the folder",
      "coco.json, image 1: the file name '../../etc/passwd' leaves the folder of the pictures."
    ) { folder in
      try folder.coco(image: #", "file_name": "../../etc/passwd""#)
      return "coco.json"
    },
    Case(
      "absolute name", "coco.json, image 1: the file name '/etc/passwd' leaves the folder of the pictures."
    ) {
      folder in
      try folder.coco(image: #", "file_name": "/etc/passwd""#)
      return "coco.json"
    },
    Case("size that is none", "coco.json, image 1: 'width' is not a number of pixels.") { folder in
      try folder.coco(image: #", "width": 0"#)
      return "coco.json"
    },
    Case("category without a name", "coco.json: category 1 of the list: there is no 'name'.") { folder in
      try folder.coco(category: #", "name": null"#)
      return "coco.json"
    },
    .text(
      "image id twice",
      #"{"images": [{"id": 1}, {"id": 1}], "annotations": [], "categories": []}"#,
      "coco.json, image 1: another image has this id."),
    .text(
      "annotation id twice",
      #"""
      {"images": [{"id": 1, "file_name": "a"}], "categories": [{"id": 1, "name": "x"}],
       "annotations": [{"id": 5, "image_id": 1}, {"id": 5, "image_id": 1}]}
      """#, "coco.json, annotation 5: another annotation has this id."),
    .text(
      "category id twice",
      #"{"images": [], "annotations": [], "categories": [{"id": 1, "name": "a"}, {"id": 1, "name": "b"}]}"#,
      "coco.json: the classes 'a' and 'b' both have the id 1."),
    .text(
      "annotation without image",
      #"{"images": [], "annotations": [{"id": 5}], "categories": []}"#,
      "coco.json, element 1 of 'annotations': there is no 'image_id' that is a whole number or a string."),
    .text(
      "list of other things", #"{"images": [3], "annotations": [], "categories": []}"#,
      "coco.json, element 1 of 'images': it is not an object."),
    .text("list missing", #"{"images": [], "categories": []}"#, "coco.json: it has no list 'annotations'."),
    .text("empty file", "", "coco.json: it is empty."),
    .text(
      "truncated", "{\"images\": [],\n\"annotations\": [{\"id\": 1, \"image_id\"",
      "coco.json, line 2, byte 52: not valid JSON: it ends early."),
    .text(
      "deep nesting", "{\"images\": [],\n \"x\": " + String(repeating: "[", count: 100_000),
      "coco.json, line 2, byte 86: not valid JSON: more than 64 brackets within each other."),
    .text(
      "brackets that do not match", #"{"images": [], "x": [{]}}"#,
      "coco.json, line 1, byte 23: not valid JSON: a bracket that does not match."),
    Case(
      "UTF-16", "coco.json: it is not UTF-8 but UTF-16 or another encoding; convert it, say with iconv."
    ) { folder in
      try folder.write(Data([0xFF, 0xFE, 0x7B, 0, 0x7D, 0]), to: "coco.json")
      return "coco.json"
    },
    Case("bytes that are no text", "coco.json, line 1, byte 37: not valid JSON: a string that is not UTF-8.")
    {
      folder in
      let start = Data(#"{"images": [{"id": 1, "file_name": ""#.utf8.dropLast())
      try folder.write(
        start + [0x22, 0xC3, 0x28, 0x22] + Data(#"}], "annotations": [], "categories": []}"#.utf8),
        to: "coco.json")
      return "coco.json"
    },
    Case("no such file", "nowhere.json: there is no such file.") { _ in "nowhere.json" },
    Case(
      "format that cannot be told",
      "notes.txt: its format cannot be told; name one of coco, lvis, mdetr, flickr, odvg, voc, tsv, webdataset."
    ) { folder in
      try folder.write("hello", to: "notes.txt")
      return "notes.txt"
    },
  ]

  static let pictures: [Case] = [
    Case(
      "missing picture", "coco.json, record 1: the picture a.png cannot be read: no such file or directory."
    ) {
      folder in
      try folder.coco()
      try FileManager.default.removeItem(at: folder.file("a.png"))
      return "coco.json"
    },
    Case(
      "picture that is none",
      "coco.json, record 1: the picture a.png is not a picture in a known format (JPEG, PNG, WebP, TIFF, GIF or BMP).",
      readsPictures: true
    ) { folder in
      try folder.coco()
      try folder.write("not a picture", to: "a.png")
      return "coco.json"
    },
    Case(
      "picture of another size",
      "coco.json, record 1: the picture has 32x32 pixels, but the annotations say 64x48.",
      readsPictures: true
    ) { folder in
      try folder.coco()
      try folder.picture("a.png", width: 32, height: 32)
      return "coco.json"
    },
  ]

  static let spans: [Case] = [
    .region(
      "span outside", #""tokens_positive": [[10, 15]]"#,
      "the span [10, 15] is outside of the caption of 14 characters"),
    .region("span reversed", #""tokens_positive": [[5, 2]]"#, "the span [5, 2] ends before it begins"),
    .region("span empty", #""tokens_positive": [[5, 5]]"#, "the span [5, 5] is empty"),
    .region("span of one number", #""tokens_positive": [[5]]"#, "a span has 1 numbers instead of two"),
    .region("no spans", #""tokens_positive": 5"#, "'tokens_positive' is not a list of spans"),
    .region("phrase elsewhere", #""phrase": "a cat""#, "the phrase 'a cat' is not in the caption"),
  ]

  static let otherFormats: [Case] = [
    Case("line that is no JSON", "a.jsonl, line 2: not valid JSON at byte 13: ':' expected.") { folder in
      try folder.picture("a.png")
      let sound = "{\"filename\": \"a.png\", \"detection\": {\"instances\": []}}"
      try folder.write(sound + "\n{\"filename\" 5}\n", to: "a.jsonl")
      return "a.jsonl"
    },
    .text(
      "line without anything", "{\"filename\": \"a\"}\n", as: "a.jsonl",
      "a.jsonl, line 1: there is neither 'detection' nor 'grounding'."),
    .xml(
      "xml that ends early", "<annotation><object>", ", line 1: it ends early."),
    .xml(
      "xml with entities", "<!DOCTYPE a [<!ENTITY x SYSTEM \"/etc/passwd\">]><annotation>&x;</annotation>",
      ": it declares entities, which are not read."),
    .xml(
      "xml of something else", "<html></html>", ", line 1: the outermost element is not 'annotation'."),
    .xml(
      "xml with a word for a number",
      "<annotation><filename>a</filename><object><name>a</name><bndbox><xmin>one</xmin></bndbox></object></annotation>",
      ", object 1: 'xmin' is not a number."),
    Case(
      "offsets of another file",
      "labels.tsv, row 1: its .lineidx file says byte 3, which is not the start of a line."
    ) {
      folder in
      try folder.tsv(lineIndex: "0\n3\n")
      return "data.yaml"
    },
    Case("offsets beyond the file", "labels.lineidx, line 2: 9999 is not the start of a row in labels.tsv.") {
      folder in
      try folder.tsv(lineIndex: "0\n9999\n")
      return "data.yaml"
    },
    Case("rows of other pictures", "images.tsv, row 1: its key is 'k1', that of the annotations 'k2'.") {
      folder in
      try folder.tsv(secondKey: "k2")
      return "data.yaml"
    },
    Case("label map without a class", "labels.tsv, row 0: object 1: there is no class 'Dog'.") { folder in
      try folder.tsv(labelMap: "{\"Cat\": 1}")
      return "data.yaml"
    },
    Case("row beyond the list", "list.tsv, line 2: there is no row 2, only 2.") { folder in
      try folder.tsv()
      try folder.write("0\n2\n", to: "list.tsv")
      try folder.write("img: images.tsv\nlabel: labels.tsv\nlinelist: list.tsv\n", to: "data.yaml")
      return "data.yaml"
    },
    Case(
      "picture that is no base64",
      "data.yaml, record k0: the picture images.tsv at byte 3 cannot be read: it is not valid base64.",
      readsPictures: true
    ) { folder in
      try folder.tsv()
      return "data.yaml"
    },
    Case(
      "archive that ends early", "a.tar, member 'a.png': the tar archive is damaged (Truncated tar archive)."
    ) {
      folder in
      try folder.tar("a.tar", [("a.png", Data(count: 5000))])
      try folder.write(Data(contentsOf: folder.file("a.tar")).prefix(3000), to: "a.tar")
      return "a.tar"
    },
    Case("sample without a picture", "a.tar, sample 'a': it has no picture.") { folder in
      try folder.tar("a.tar", [("a.txt", Data("a dog".utf8))])
      return "a.tar"
    },
    Case("two pictures", "a.tar, sample 'a': the member 'a.jpg' is one too many of its kind.") { folder in
      try folder.tar(
        "a.tar", [("a.png", Data(count: 1)), ("a.jpg", Data(count: 1)), ("a.txt", Data("a".utf8))])
      return "a.tar"
    },
    Case(
      "compressed archive",
      "a.tar: it is compressed, so that pictures cannot be read out of order; unpack it first."
    ) { folder in
      try folder.write(Data([0x1F, 0x8B, 8, 0]), to: "a.tar")
      return "a.tar"
    },
  ]

  static let all = boxes + cocoFiles + pictures + spans + otherFormats

  @Test(arguments: all)
  func eachHasItsOwnSentence(_ broken: Case) throws {
    let folder = try DatasetFolder()
    let path = try broken.make(folder)
    let error = #expect(throws: DatasetError.self) {
      let data = try folder.open(path)
      _ = try data.validate(readingPictures: broken.readsPictures)
    }
    let sentence = folder.sentence(try #require(error))
    #expect(sentence == broken.sentence)
  }

  @Test(arguments: all)
  func whatIsSkippedIsListed(_ broken: Case) throws {
    let folder = try DatasetFolder()
    let path = try broken.make(folder)
    // A file that cannot be read at all is an error in any case.
    guard let data = try? folder.open(path, onError: .skip) else { return }
    let report = try data.validate(readingPictures: broken.readsPictures)
    #expect(report.faults.map(folder.sentence).contains(broken.sentence), "\(report.faults)")
    #expect(report.faultCount == report.faults.count)
  }

  @Test func soundObjectsOfARecordRemain() throws {
    let folder = try DatasetFolder()
    try folder.write(
      """
      {"images": [{"id": 1, "file_name": "a.png", "width": 64, "height": 48}], "categories": [{"id": 3, "name": "x"}],
       "annotations": [{"id": 1, "image_id": 1, "category_id": 3, "bbox": [1, 2, 3, 4]},
                       {"id": 2, "image_id": 1, "category_id": 3, "bbox": [1, 2, 0, 4]},
                       {"id": 3, "image_id": 2, "category_id": 3, "bbox": [1, 2, 3, 4]},
                       {"id": 4, "image_id": 1, "category_id": 3, "bbox": [50, 2, 30, 4]}]}
      """, to: "coco.json")
    let data = try folder.open("coco.json", onError: .skip)
    for _ in 0..<2 { #expect(try data.record(at: 0).objects.count == 2) }
    #expect(data.faults.errors.map(\.place) == ["annotation 3", "annotation 2"])
    try folder.picture("a.png")
    let report = try data.validate(readingPictures: true)
    #expect((report.records, report.objects, report.boxesPartlyOutside) == (1, 2, 1))
    #expect(report.faultCount == 2)
  }

  /// Every file of a data set that is cut anywhere, or has a byte changed, gives records or errors.
  @Test func damageNeverEndsTheProgram() throws {
    let folder = try DatasetFolder()
    try folder.coco(annotation: ", \"segmentation\": [[1.5, 2e1]], \"iscrowd\": false")
    let text = try Data(contentsOf: folder.file("coco.json"))
    var generator = SystemRandomNumberGenerator()
    for length in 0..<text.count {
      try folder.write(text.prefix(length), to: "cut.json")
      try? readAll(folder, "cut.json")
      var changed = text
      changed[length] = UInt8.random(in: 0...255, using: &generator)
      try folder.write(changed, to: "changed.json")
      try? readAll(folder, "changed.json")
    }
  }

  private func readAll(_ folder: DatasetFolder, _ path: String) throws {
    let data = try folder.open(path, format: .coco, onError: .skip)
    _ = try data.validate(readingPictures: false)
  }
}

extension DatasetFolder {
  /// Two rows whose pictures are not base64.
  func tsv(lineIndex: String? = nil, secondKey: String = "k1", labelMap: String = "{\"Dog\": 1}") throws {
    try write("k0\t!!!!\nk1\t!!!!\n", to: "images.tsv")
    let label = "[{\"class\": \"Dog\", \"rect\": [1, 2, 3, 4]}]"
    try write("k0\t\(label)\n\(secondKey)\t\(label)\n", to: "labels.tsv")
    if let lineIndex { try write(lineIndex, to: "labels.lineidx") }
    try write(labelMap, to: "map.json")
    try write("img: images.tsv\nlabel: labels.tsv\nlabelmap: map.json\n", to: "data.yaml")
  }
}
