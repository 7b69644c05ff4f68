import Foundation
import GLIP
import Testing

/// `glip bench`. What it measures depends on the machine; that it measures, and says what, does not.
struct BenchTests {
  private struct Result: Decodable {
    struct Stage: Decodable {
      let name: String
      let seconds: Double
    }

    let model: String
    let precision: String
    let width, height, batch, runs, threads: Int
    let tokens: [Int]
    let latency: [String: Double]
    let picturesPerSecond: Double
    let multiplyAdds: [String: Int]
    let gigaflopsPerSecond: Double
    let stages: [Stage]
  }

  private func result(_ data: Data) throws -> Result {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(Result.self, from: data)
  }

  @Test func itTellsTimesAndWhereTheyGo() async throws {
    let workspace = try Workspace()
    let outcome = try await workspace.glip(
      "bench", "--model", "demonstration", "--classes", "cat, cup", "--min-size", "64", "--max-size", "96",
      "--precision", "fp32", "--runs", "2", "--warmup", "1", "--json", "new/result.json")
    #expect(outcome.status == 0)
    #expect(outcome.sentences.count == 1 && outcome.errors.contains("computed, not trained"))
    for part in ["latency", "median", "pictures/s", "GFLOP/s", "1 threads", "fusion", "post processing"] {
      #expect(outcome.output.contains(part), "\(part)")
    }
    let result = try result(workspace.data("new/result.json"))
    #expect(result.model == "demonstration" && result.precision == "fp32" && result.threads == 1)
    #expect(result.width == 96 && result.height == 58 && result.batch == 1 && result.runs == 2)
    #expect(result.tokens == [5])
    #expect(Set(result.latency.keys) == ["minimum", "median", "p90", "p99"])
    #expect(result.picturesPerSecond > 0 && result.gigaflopsPerSecond > 0)
    let stages = StageClock.Stage.allCases.filter { $0 != .text }
    #expect(result.stages.count == stages.count && result.stages.allSatisfy { $0.seconds > 0 })
    #expect(result.multiplyAdds.values.allSatisfy { $0 > 0 } && result.multiplyAdds.count == 8)
  }

  @Test func itTakesAPictureAndABatch() async throws {
    let workspace = try Workspace()
    try workspace.pictures("a.png")
    let outcome = try await workspace.glip(
      "bench", "a.png", "--model", TinyModel.file().path, "--prompt", "cat. cup.", "--min-size", "64",
      "--precision", "bf16", "--runs", "1", "--warmup", "0", "--batch", "3", "--json", "-")
    #expect(outcome.status == 0 && outcome.errors == "", "\(outcome.errors)")
    let result = try result(Data(outcome.output.utf8))
    #expect(result.precision == "bf16" && result.batch == 3 && result.width == 96 && result.height == 64)
    // Without a warm-up the prompt is encoded in the run.
    #expect(result.stages.map(\.name).contains("text"))
    #expect(try workspace.contents == ["a.png"])
  }

  @Test func wrongInputIsRefusedInASentence() async throws {
    let workspace = try Workspace()
    try workspace.pictures("a.png")
    try workspace.write("words", to: "text.png")
    let model = try TinyModel.file().path
    func bench(_ arguments: String...) async throws -> Outcome {
      try await workspace.start(["bench", "--model", model, "--runs", "1"] + arguments).outcome()
    }
    expectRefusal(try await bench("absent.png", "--classes", "cat"), "absent.png")
    expectRefusal(try await bench("text.png", "--classes", "cat"), "text.png")
    expectRefusal(try await bench("a.png", "--classes", "cat, cat"), "cat")
    expectRefusal(try await bench("a.png", "--classes", "cat", "--json", "a.png"), "that are read")
    expectRefusal(try await bench("a.png", "--classes", "cat", "--json", "a.png/b.json"), "a.png")
    expectRefusal(try await bench("a.png", "--classes", "cat", "--min-size", "1"), "minimum side is 1")
    for (option, value) in [
      ("--runs", "0"), ("--warmup", "-1"), ("--batch", "0"), ("--batch", "4611686018427387904"),
    ] {
      let outcome = try await workspace.glip("bench", "--classes", "cat", "\(option)=\(value)")
      expectRefusal(outcome, option, "(see 'glip bench --help')", status: 64)
    }
    expectRefusal(try await workspace.glip("bench"), "--classes", status: 64)
    expectRefusal(
      try await workspace.glip(
        "bench", "--classes", "cat", "--model", "demonstration", "--precision", "int8"), "not int8")
    #expect(try workspace.contents == ["a.png", "text.png"])
  }
}
