import Foundation
import Pictures
import RunLog
import Testing

@Suite struct ResultsTests {
  private func kind(_ body: () throws -> Void) -> RunLogError.Kind? {
    do { try body() } catch { return (error as? RunLogError)?.kind }
    return nil
  }

  @Test("a new run gets its folder, its configuration and places for the rest")
  func newRun() throws {
    let work = try Workspace()
    let folder = try ResultsFolder(at: work("deep/run"), configuration: "steps: 3\n")
    #expect(try ResultsFolder.configuration(at: folder.url) == "steps: 3\n")
    for place in [folder.plots, folder.checkpoints] {
      #expect(FileManager.default.fileExists(atPath: place.path))
    }
  }

  @Test("a run, a file or a folder in use is not written over")
  func occupied() throws {
    let work = try Workspace()
    _ = try ResultsFolder(at: work("run"), configuration: "a")
    #expect(kind { _ = try ResultsFolder(at: work("run"), configuration: "b") } == .occupied)
    #expect(try text(of: work("run/config.yaml")) == "a")
    try Data().write(to: work("file"))
    #expect(kind { _ = try ResultsFolder(at: work("file"), configuration: "b") } == .occupied)
    #expect(kind { _ = try ResultsFolder(at: work.url, configuration: "b") } == .occupied)
  }

  @Test("only a run is resumed")
  func resuming() throws {
    let work = try Workspace()
    #expect(kind { _ = try ResultsFolder(at: work("run"), configuration: "b", resuming: true) } == .missing)
    #expect(!FileManager.default.fileExists(atPath: work("run").path))
    _ = try ResultsFolder(at: work("run"), configuration: "a")
    let folder = try ResultsFolder(at: work("run"), configuration: "b", resuming: true)
    #expect(try text(of: folder.configuration) == "b")
  }

  @Test("a killed and resumed run leaves what an uninterrupted one does")
  func record() throws {
    let work = try Workspace()
    let folder = try ResultsFolder(at: work("run"), configuration: "")
    func train(_ steps: ClosedRange<Int>, _ record: RunRecord) throws {
      for step in steps { try record.append(step: step, ["loss/total": 2 / Double(step), "rate": 1e-4]) }
    }
    try train(1...7, RunRecord(in: folder))
    try append("{\"step\": 8, \"ti", to: folder.metrics)
    let resumed = try RunRecord(in: folder, resumingAfter: 4)
    try train(5...9, resumed)
    let rows = try MetricsRow.all(of: folder.metrics)
    #expect(rows.map(\.step) == Array(1...9))
    #expect(rows.allSatisfy { $0.numbers["loss/total"] == 2 / Double($0.step) })

    let files = try resumed.plot()
    #expect(files.map(\.lastPathComponent) == ["loss.png", "rate.png"])
    for file in files {
      let picture = try Picture(contentsOf: file)
      #expect(picture.count(of: Plot.color(0)) > 500)
      #expect(picture.count(of: Plot.color(1)) == 0)
    }
    let events = try FileManager.default.contentsOfDirectory(atPath: folder.url.path)
      .filter { $0.hasPrefix("events.out.tfevents.") }
    #expect(events.count == 2)
  }
}
