import Foundation
import Pictures
import RunLog
import Testing

@Suite struct PlotTests {
  private func line(_ points: [SIMD2<Double>], smoothing: Int = 1) -> Plot.Series {
    Plot.Series("curve", .line(points, smoothing: smoothing))
  }

  @Test("a rising line is drawn from the lower left to the upper right in its colour")
  func risingLine() throws {
    let plot = Plot(title: "Rise", xLabel: "step", series: [line([[0, 0], [100, 1]])])
    let picture = try plot.picture(width: 600, height: 400)
    let rows = [100, 300, 500].map { picture.rows(of: Plot.color(0), x: $0) }
    #expect(rows.allSatisfy { !$0.isEmpty })
    // The first column may cross the legend's sample, which lies above.
    #expect(try #require(rows[0].last) > #require(rows[1].last))
    #expect(try #require(rows[1].last) > #require(rows[2].last))
    #expect(picture.pixels.prefix(3) == [255, 255, 255])
  }

  @Test("each series has a colour of its own, and its name in the legend one as well")
  func colors() throws {
    let series = (0..<7).map { line([[0, Double($0)], [1, Double($0)]]) }
    let picture = try Plot(title: "", series: series).picture(width: 600, height: 400)
    for index in 0..<7 { #expect(picture.count(of: Plot.color(index)) > 300) }
  }

  @Test("a line is broken where a number is not finite")
  func gaps() throws {
    let whole = (0...10).map { SIMD2(Double($0), 0.5) }
    let broken = whole.map { (4...6).contains($0.x) ? SIMD2($0.x, .nan) : $0 }
    let pictures = try [whole, broken].map {
      try Plot(title: "", series: [Plot.Series("", .line($0))], yRange: 0...1).picture(
        width: 600, height: 400)
    }
    let middle = 280..<340
    #expect(pictures[0].count(of: Plot.color(0), x: middle) > 0)
    #expect(pictures[1].count(of: Plot.color(0), x: middle) == 0)
    #expect(Curve.pieces(broken).map(\.count) == [4, 4])
  }

  @Test("a single point is seen")
  func singlePoint() throws {
    let plot = Plot(title: "", series: [Plot.Series("", .line([[3, 0.5]]))])
    #expect(try plot.picture(width: 600, height: 400).count(of: Plot.color(0)) > 20)
  }

  @Test("bars are as high as their numbers")
  func bars() throws {
    let series = Plot.Series("", .bars(edges: [0, 1, 2, 3], heights: [1, 4, 2]))
    let picture = try Plot(title: "", series: [series]).picture(width: 600, height: 400)
    // Six tenths of the colour on white.
    let color = Plot.color(0) * 0.6 + 0.4
    let counts = [150, 320, 480].map { picture.rows(of: color, x: $0).count }
    #expect(counts[1] > counts[2] && counts[2] > counts[0] && counts[0] > 50)
    #expect(abs(Double(counts[1]) / Double(counts[0]) - 4) < 0.2)
  }

  @Test("a plot may be dark, enlarged, and have words for numbers")
  func appearance() throws {
    var plot = Plot(title: "Rise", series: [line([[0, 0], [100, 1]])])
    let plain = try plot.picture(width: 300, height: 200)
    let large = try plot.picture(width: 300, height: 200, scale: 2)
    #expect(large.width == 600 && large.height == 400)
    #expect(large.count(of: Plot.color(0)) > 3 * plain.count(of: Plot.color(0)))
    let dark = try plot.picture(width: 300, height: 200, on: .dark)
    #expect(dark.count(of: Plot.darkGround) > 40_000 && dark.count(of: [1, 1, 1]) == 0)
    plot.xTicks = [Plot.Tick(value: 50, label: "half"), Plot.Tick(value: 400, label: "nowhere")]
    let worded = try plot.picture(width: 300, height: 200)
    #expect(worded != plain)
    plot.xTicks = [Plot.Tick(value: 50, label: "half")]
    #expect(try plot.picture(width: 300, height: 200) == worded)
  }

  @Test("points by the million are drawn as few that look the same")
  func manyPoints() throws {
    let points = (0..<1_000_000).map { SIMD2(Double($0), sin(Double($0))) }
    let thin = Curve.thinned(points.map { [$0.x / 1000, $0.y] })
    #expect(thin.count <= 4000)
    #expect(thin.map(\.y).max() == points.map(\.y).max() && thin.last?.y == points.last?.y)
    #expect(try Plot(title: "", series: [line(points)]).picture().count(of: Plot.color(0)) > 100_000)
  }

  @Test("smoothing keeps a constant and forgets what is not finite")
  func smoothing() {
    let points: [SIMD2<Double>] = [[0, 2], [1, 2], [2, .infinity], [3, 2]]
    let means = Curve.smoothed(points, span: 9)
    #expect(means[2].y == .infinity)
    #expect([0, 1, 3].allSatisfy { abs(means[$0].y - 2) < 1e-12 })
    // With a span of 3 the newest weighs twice what the one before it does.
    #expect(abs(Curve.smoothed([[0, 0], [1, 3]], span: 3)[1].y - 2) < 1e-12)
  }

  @Test("whatever numbers come, there is a picture", arguments: [false, true])
  func oddNumbers(isLogarithmic: Bool) throws {
    let odd: [Double] = [
      0, -0.0, 1, -1, .nan, .infinity, -.infinity, .leastNonzeroMagnitude, .greatestFiniteMagnitude,
      -.greatestFiniteMagnitude, 1e-9,
    ]
    let sets: [[SIMD2<Double>]] =
      [[], [[3, 3]], [[0, 0], [1, 0]]] + odd.map { [[0, 1], [1, $0]] } + odd.map { [[0, 1], [$0, 2]] }
      + [odd.map { [$0, $0] }, odd.map { [1, $0] }]
    for points in sets {
      let bars = Plot.Series("bars", .bars(edges: points.map(\.x), heights: points.map(\.y)))
      let plot = Plot(title: "Odd", series: [line(points, smoothing: 3), bars], isLogarithmic: isLogarithmic)
      #expect(try plot.picture(width: 240, height: 180).width == 240)
    }
    let many = (0..<100).map { Plot.Series("series \($0)", .line([[0, Double($0)], [1, 1]])) }
    #expect(try Plot(title: "Many", series: many).picture(width: 0, height: 0).height == 150)
  }

  @Test(
    "ticks are round numbers with as many digits as they need",
    arguments: [
      ([0, 1], false, ["0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
      ([0, 90_000], false, ["0", "20k", "40k", "60k", "80k", "100k"]),
      ([3, 7.2], false, ["3", "4", "5", "6", "7", "8"]),
      ([0, 1e-4], false, ["0", "2e-5", "4e-5", "6e-5", "8e-5", "1.0e-4"]),
      ([-2, 2], false, ["-2", "-1", "0", "1", "2"]), ([0.01, 100], true, ["0.01", "0.1", "1", "10", "100"]),
      ([0.3, 6], true, ["0.5", "1", "2", "5"]),
      ([1e-12, 1], true, ["1e-12", "1e-10", "1e-8", "1e-6", "1e-4", "0.01", "1"]),
    ])
  func ticks(values: [Double], isLogarithmic: Bool, labels: [String]) {
    let axis = Axis(values, isLogarithmic: isLogarithmic, ticks: 6)
    #expect(axis.ticks.map(\.label) == labels)
    #expect(axis.ticks.allSatisfy { (-1e-9...1 + 1e-9).contains(axis.place($0.value)) })
  }
}
