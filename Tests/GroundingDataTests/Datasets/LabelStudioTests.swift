import Foundation
import GroundingData
import Testing

/// Tasks for Label Studio.
struct LabelStudioTests {
  private func tasks(_ records: [Record], classes: [ObjectClass] = []) throws -> ([[String: Any]], String) {
    let folder = try DatasetFolder()
    let writer = try WrittenFormat.labelStudio.writer(
      to: folder.file("out/tasks.json"), classes: classes, pictures: .relative(to: folder.file("pictures")),
      model: "teacher")
    for var record in records {
      record.picture = .file(folder.file("pictures/my dog.png"))
      try writer.write(record)
    }
    try writer.finish()
    let json = try JSONSerialization.jsonObject(with: Data(contentsOf: folder.file("out/tasks.json")))
    return (
      try #require(json as? [[String: Any]]),
      try String(contentsOf: folder.file("out/tasks.xml"), encoding: .utf8)
    )
  }

  private func record(_ text: Record.Text, _ objects: [Record.Object]) -> Record {
    Record(
      id: "1", picture: .file(URL(fileURLWithPath: "/")), size: Record.Size(width: 200, height: 100),
      text: text,
      objects: objects)
  }

  @Test func boxesAreInPerCentWithScoreAndModel() throws {
    let box = CornerBox(x0: 20, y0: 10, x1: 119, y1: 59)
    let (tasks, xml) = try tasks([
      record(
        .caption("a \"big\" <dog>"),
        [
          Record.Object(box: box, spans: [0..<14], score: 0.75),
          Record.Object(box: box, spans: [8..<14], score: 0.25),
        ])
    ])
    let data = try #require(tasks[0]["data"] as? [String: String])
    #expect(data["image"] == "/data/local-files/?d=my%20dog.png" && data["caption"] == "a \"big\" <dog>")
    let prediction = try #require((tasks[0]["predictions"] as? [[String: Any]])?.first)
    #expect(prediction["model_version"] as? String == "teacher" && prediction["score"] as? Double == 0.5)
    let regions = try #require(prediction["result"] as? [[String: Any]])
    let value = try #require(regions[0]["value"] as? [String: Any])
    #expect(["x", "y", "width", "height"].map { value[$0] as? Double } == [10, 10, 50, 50])
    #expect(value["rectanglelabels"] as? [String] == ["a \"big\" <dog>"])
    #expect(regions[0]["score"] as? Double == 0.75 && regions[0]["original_width"] as? Int == 200)
    #expect(tasks[0]["annotations"] == nil)
    #expect(xml.contains("<Label value=\"a &quot;big&quot; &lt;dog&gt;\"/>") && xml.contains("$caption"))
  }

  @Test func boxesWithoutAScoreAreAnnotations() throws {
    let box = CornerBox(x0: 0, y0: 0, x1: 9, y1: 9)
    let classes = [ObjectClass(id: 1, name: "cat"), ObjectClass(id: 2, name: "dog")]
    let (tasks, xml) = try tasks(
      [record(.classes, [Record.Object(box: box, classIndex: 1)]), record(.classes, [])], classes: classes)
    #expect((tasks[0]["predictions"] as? [Any])?.isEmpty == true)
    let annotation = try #require((tasks[0]["annotations"] as? [[String: Any]])?.first)
    #expect((annotation["result"] as? [Any])?.count == 1)
    #expect(tasks.count == 2 && tasks[1]["id"] as? Int == 2)
    #expect(xml.contains("\"cat\"") && xml.contains("\"dog\"") && !xml.contains("$caption"))
  }
}
