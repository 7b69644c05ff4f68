import Foundation
import GroundingData
import Testing

/// Pictures with captions, as people have them.
struct CaptionInputTests {
  /// Pairs of picture and caption that a list has.
  private func pairs(_ text: String, _ name: String) throws -> [[String]] {
    let folder = try DatasetFolder()
    let list = try CaptionList(folder.write(text, to: name), pictures: folder.file("images"))
    return try list.allRecords().map { record in
      guard case .caption(let caption) = record.text, case .file(let url) = record.picture else { return [] }
      return [url.path.replacingOccurrences(of: folder.url.path + "/", with: ""), caption]
    }
  }

  @Test func tablesAreReadWithAndWithoutAHead() throws {
    let expected = [["images/a.jpg", "a dog, and \"a cat\""], ["images/s/b.jpg", "two\nlines"]]
    #expect(
      try pairs("a.jpg,\"a dog, and \"\"a cat\"\"\"\r\n\r\ns/b.jpg,\"two\nlines\"\r\n", "a.csv") == expected)
    #expect(
      try pairs("n,Caption,image\n1,\"a dog, and \"\"a cat\"\"\",a.jpg\n2,\"two\nlines\",s/b.jpg", "a.csv")
        == expected)
    let tabs = [["images/a.jpg", "a \"dog\", yes"], ["/there/b.jpg", "b"]]
    #expect(try pairs("a.jpg\ta \"dog\", yes\r\n/there/b.jpg\tb\n", "a.tsv") == tabs)
    #expect(try pairs("caption\tfile\na \"dog\", yes\ta.jpg\nb\t/there/b.jpg", "a.tsv") == tabs)
    #expect(
      try pairs("{\"image\": \"a.jpg\", \"text\": \" caf\\u00e9 \"}\n", "a.jsonl") == [
        ["images/a.jpg", "café"]
      ])
    #expect(try pairs("a.jpg,\"\"", "a.csv") == [["images/a.jpg", ""]])
  }

  @Test(arguments: [
    ("a.jpg\n", "a.csv", "row 1: it has 1 columns"), ("a.jpg,\"x\n", "a.csv", "not closed"),
    ("../a.jpg,x\n", "a.csv", "leaves the folder"), ("{\"caption\": \"x\"}", "a.jsonl", "names no picture"),
    ("{\"image\": \"a.jpg\"}", "a.jsonl", "has no caption"), ("{\"image\": ", "a.jsonl", "ends early"),
    ("image,caption\na.jpg", "a.csv", "row 2"),
  ])
  func whatIsWrongIsNamed(text: String, name: String, part: String) throws {
    let error = #expect(throws: DatasetError.self) { try pairs(text, name) }
    #expect(error?.description.contains(part) == true, "\(String(describing: error))")
  }

  @Test func aListIsToldFromODVG() throws {
    let folder = try DatasetFolder()
    let list = try folder.write("{\"image\": \"a.jpg\", \"caption\": \"a dog\"}\n", to: "list.jsonl")
    let odvg = try folder.write(
      "{\"filename\": \"a.jpg\", \"grounding\": {\"caption\": \"a dog\", \"regions\": []}}\n",
      to: "odvg.jsonl")
    #expect(CaptionList.isCaptionList(list) && !CaptionList.isCaptionList(odvg))
    #expect(!CaptionList.isCaptionList(folder.file("none.jsonl")))
  }

  @Test func picturesHaveCaptionsBesideThem() throws {
    let folder = try DatasetFolder()
    for name in ["a.png", "b.png", "b.jpg", "sub/c.png"] { try folder.picture(name) }
    try folder.write("  a dog \n", to: "a.txt")
    let files = ["a.png", "b.png", "b.jpg", "sub/c.png"].map { (url: folder.file($0), name: $0) }
    let list = PictureList(name: "folder", files: files, hasCaptions: true)
    #expect(try list.record(at: 0).text == .caption("a dog"))
    let error = #expect(throws: DatasetError.self) { try list.record(at: 3) }
    #expect(error?.description.contains("sub/c.txt: there is no such file") == true)
    let plain = PictureList(name: "folder", files: files, hasCaptions: false)
    #expect(try plain.allRecords().map(\.id) == ["a", "b.png", "b.jpg", "sub/c"])
    #expect(plain.picturesFolder?.path == folder.url.path)
  }

  @Test func dataSetsAreJoined() throws {
    let folder = try DatasetFolder()
    for name in ["x/a.png", "x/b.png", "y/a.png"] { try folder.picture(name) }
    func list(_ names: String...) -> PictureList {
      PictureList(name: "list", files: names.map { (folder.file($0), $0) }, hasCaptions: false)
    }
    let joined = JoinedDatasets([list("x/a.png", "x/b.png"), list(), list("y/a.png")])
    #expect(try joined.allRecords().map(\.id) == ["1_x/a", "1_x/b", "3_y/a"])
    #expect(JoinedDatasets([list("x/a.png"), list("y/a.png")]).picturesFolder?.path == folder.url.path)
  }
}
