import Foundation
import GLIP
import Measuring
import Testing
import Torch

struct MeasuringTests {
  @Test func percentilesAreInterpolated() {
    let timings = Timings([4, 1, 3, 2])
    #expect(timings.inOrder == [4, 1, 3, 2] && timings.seconds == [1, 2, 3, 4])
    #expect(timings.minimum == 1 && timings.median == 2.5 && timings.total == 10)
    #expect(timings.percentile(0) == 1 && timings.percentile(100) == 4)
    #expect(abs(timings.percentile(90) - 3.7) < 1e-12)
    #expect(Timings([7]).percentile(99) == 7)
  }

  @Test func workAlternates() throws {
    var order = ""
    var done: [Int] = []
    let timings = try alternating(
      runs: 2, warmup: 1, afterRun: { done.append($0) }, [{ order += "a" }, { order += "b" }])
    #expect(order == "ababab" && done == [1, 2, 3, 4, 5, 6])
    #expect(timings.map(\.seconds.count) == [2, 2])
  }

  /// The figures were counted in the authors' network at 800 x 1333, seven tokens.
  @Test func theMultiplyAddsOfGLIPTAreThoseCounted() {
    func giga(_ tokens: Int, _ part: KeyPath<MultiplyAdds, Int>) -> Double {
      let counts = multiplyAdds(Preset.glipTC.configuration, height: 800, width: 1333, tokens: [tokens])
      return Double(counts[keyPath: part]) / 1e9
    }
    func expect(_ value: Double, _ expected: Double, within share: Double = 0.04) {
      #expect(abs(value / expected - 1) < share, "\(value), not \(expected)")
    }
    expect(giga(7, \.backbone), 99.1)
    expect(giga(7, \.pyramid), 14.7)
    expect(giga(7, \.deformable), 118.9)
    expect(giga(7, \.offsets), 8.4)
    expect(giga(6, \.fusion), 5, within: 0.1)
    expect(giga(194, \.fusion), 165)
    expect(giga(256, \.text), 23)
    expect(giga(256, \.languageLayers), 11.5)
    expect(giga(7, \.perPicture), 250, within: 0.05)
  }

  @Test func severalTextsShareThePicture() {
    func counts(_ tokens: [Int], _ preset: Preset = .glipTC) -> MultiplyAdds {
      multiplyAdds(preset.configuration, height: 480, width: 640, tokens: tokens)
    }
    let (one, two) = (counts([50]), counts([50, 50]))
    #expect(one.backbone == two.backbone && one.pyramid == two.pyramid)
    #expect(2 * one.fusion == two.fusion && 2 * one.deformable == two.deformable && 2 * one.text == two.text)
    let unfused = counts([50], .glipTA)
    #expect(unfused.fusion == 0 && unfused.languageLayers == 0 && unfused.deformable == one.deformable)
    let stages = StageClock.Stage.allCases.filter { $0 != .text }
    #expect(stages.map(one.count(of:)).reduce(0, +) == one.perPicture)
  }

  @Test func memoryIsTold() throws {
    #if os(Linux)
      let before = try #require(Machine.residentBytes)
      #expect(before > 1 << 20)
      let isReset = Machine.resetPeak()
      let tensor = try Tensor.full([1 << 25], 1)
      let peak = try #require(Machine.peakBytes)
      #expect(tensor.count == 1 << 25 && peak > 1 << 27)
      if isReset, Machine.resetPeak() { #expect(try #require(Machine.peakBytes) >= 1 << 20) }
      #expect(Machine.processor?.isEmpty != true)
      #expect(try #require(Machine.load) >= 0)
    #endif
  }

  @Test(arguments: MatrixPeak.Arithmetic.allCases)
  func aPeakIsFoundForWhatIsThere(arithmetic: MatrixPeak.Arithmetic) throws {
    let peak = try MatrixPeak.measured(arithmetic, runs: 1)
    #expect(peak ?? 1 > 0)
    if arithmetic == .fp32 { #expect(peak != nil) }
  }

  @Test func tablesAreAligned() throws {
    let rows = [["part", "s"], ["a", "10.5"], ["longer", "1"]]
    #expect(table(rows) == "part       s\na       10.5\nlonger     1")
    let counts = String(decoding: try json(MultiplyAdds()), as: UTF8.self)
    #expect(counts.hasPrefix("{\n  \"backbone\" : 0,") && counts.contains("\"language_layers\" : 0"))
    #expect(StageClock.Stage.postProcessing.words == "post processing")
  }
}
