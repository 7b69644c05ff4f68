import Checkpoints
import Foundation
import Testing

struct DeterministicWeightsTests {
  private struct Table: Decodable {
    struct Entry: Decodable {
      let name: String
      let shape: [Int]
      let mean: Double
      let std: Double
      let transform: String
      let abssum: Double
    }
    let entries: [Entry]
  }

  private static func table(_ variant: String) -> URL {
    let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let shared =
      ProcessInfo.processInfo.environment["GLIP_SHARED"].map { URL(filePath: $0) }
      ?? repository.deletingLastPathComponent().appending(path: "shared")
    return shared.appending(path: "golden/params_\(variant).json")
  }

  private static let hasTables = FileManager.default.fileExists(atPath: table("glip_t_a").path)

  @Test func valuesAreThoseOfTheReferenceGenerator() {
    let weights = DeterministicWeights(name: "a", shape: [2, 3], mean: 1, std: 0.5)
    #expect(weights.values() == [1.0136638, 1.117662, 1.3489553, 0.3154229, 0.58308256, 0.31355965])
  }

  @Test func transformsRemoveTheMeans() throws {
    let row = DeterministicWeights(name: "r", shape: [4, 100], mean: 0, std: 1, transform: .row(1)).values()
    for i in 0..<4 { #expect(abs(row[i * 100..<i * 100 + 100].reduce(0, +)) < 1e-4) }
    let column = DeterministicWeights(
      name: "c", shape: [100, 4], mean: 0, std: 1, transform: .column(1)
    ).values()
    for i in 0..<4 { #expect(abs(stride(from: i, to: 400, by: 4).map { column[$0] }.reduce(0, +)) < 1e-4) }
    let taps = DeterministicWeights(
      name: "t", shape: [2, 2, 3, 3], mean: 0, std: 1, transform: .taps(1)
    ).values()
    for i in 0..<4 { #expect(abs(taps[i * 9..<i * 9 + 9].reduce(0, +)) < 1e-5) }
    #expect(DeterministicWeights.Transform("taps:0.75") == .taps(0.75))
    #expect(DeterministicWeights.Transform("") == DeterministicWeights.Transform.none)
    #expect(DeterministicWeights.Transform("diagonal:1") == nil)
    #expect(DeterministicWeights(name: "e", shape: [0, 3], mean: 0, std: 1).values().isEmpty)
  }

  // Skipped where the tables of the recorded models are absent: they are not part of the repository.
  @Test(
    .enabled(if: hasTables, "no recorded tables in ../shared/golden"), arguments: ["glip_t_a", "glip_t_c"])
  func sumsAreThoseOfTheRecordedModels(variant: String) throws {
    let data = try Data(contentsOf: Self.table(variant))
    let table = try JSONDecoder().decode(Table.self, from: data)
    let clock = ContinuousClock()
    var total = 0
    var time = Duration.zero
    for entry in table.entries {
      let transform = try #require(DeterministicWeights.Transform(entry.transform))
      let start = clock.now
      let values = DeterministicWeights(
        name: entry.name, shape: entry.shape, mean: entry.mean, std: entry.std, transform: transform
      ).values()
      time += clock.now - start
      total += values.count
      let sum = values.reduce(0.0) { $0 + Double($1.magnitude) }
      #expect(abs(sum - entry.abssum) <= 1e-6 * max(1, entry.abssum), "\(entry.name)")
    }
    print("\(variant): \(total) values, \(time / Double(total) * 1e9) for 10^9")
  }
}
