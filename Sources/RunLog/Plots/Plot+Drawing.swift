import Foundation
import Pictures

extension Plot {
  /// The plot as a picture.
  ///
  /// - Parameters:
  ///   - width: in pixels, at least 200; text does not grow with it
  ///   - height: likewise, at least 150
  ///   - scale: by how much the picture, text and all, is then enlarged, 1 to 8
  /// - Throws: `PictureError.undrawable` above 32,767 pixels a side
  public func picture(
    width: Int = 1200, height: Int = 675, scale: Int = 1, on background: Background = .white
  ) throws(PictureError) -> Picture {
    let (width, height, scale) = (max(width, 200), max(height, 150), min(max(scale, 1), 8))
    let canvas = try Canvas(
      Picture(
        width: width * scale, height: height * scale,
        pixels: [UInt8](repeating: 255, count: 3 * width * height * scale * scale)))
    canvas.scale(by: Double(scale))
    let drawing = PlotDrawing(
      plot: self, canvas: canvas, width: Double(width), height: Double(height), isDark: background == .dark)
    drawing.draw()
    return canvas.picture
  }
}

/// A plot on its way onto a canvas: from top to bottom the title, the legend, the curves within their frame, and the
/// numbers and the label of the horizontal axis.
private struct PlotDrawing {
  let plot: Plot
  let canvas: Canvas
  let width: Double
  let height: Double
  private let margin = 20.0
  private let barOpacity = 0.6
  private let textSize = 16.0
  let isDark: Bool
  private var ink: SIMD3<Double> { .init(repeating: isDark ? 0.93 : 0.15) }
  private var pale: SIMD3<Double> { .init(repeating: isDark ? 0.68 : 0.4) }
  private var grid: SIMD3<Double> { .init(repeating: isDark ? 0.24 : 0.88) }

  /// Lighter where the ground is dark.
  private func color(_ index: Int) -> SIMD3<Double> {
    isDark ? Plot.color(index) * 0.72 + 0.28 : Plot.color(index)
  }

  func draw() {
    if isDark {
      canvas.fill(PixelBox(x0: 0, y0: 0, x1: width, y1: height), color: Plot.darkGround)
    }
    var top = margin
    if !plot.title.isEmpty {
      let title = text(plot.title, size: textSize * 1.4, maxWidth: width - 2 * margin)
      show(title, x: margin, y: top, color: ink)
      top += title.height + 8
    }
    top = drawLegend(from: top)
    if !plot.yLabel.isEmpty {
      let label = text(plot.yLabel)
      show(label, x: margin, y: top, color: pale)
      top += label.height
    }
    top += 10

    let xLabel = text(plot.xLabel)
    let rowHeight = text("0").height
    let bottom = height - margin - rowHeight - 6 - (plot.xLabel.isEmpty ? 0 : rowHeight + 4)
    let y = axis(\.y, plot.yRange, isLogarithmic: plot.isLogarithmic, ticks: Int((bottom - top) / 60))
    let left = margin + (y.ticks.map { text($0.label).width }.max() ?? 0) + 8
    let right = width - margin - 20
    var x = axis(\.x, plot.xRange, isLogarithmic: false, ticks: Int((right - left) / 110), isTight: true)
    if let ticks = plot.xTicks { x.ticks = ticks.filter { x.range.contains($0.value) } }
    let frame = PixelBox(x0: left.rounded(), y0: top.rounded(), x1: right.rounded(), y1: bottom.rounded())

    drawAxes(x, y, frame)
    if !plot.xLabel.isEmpty {
      show(xLabel, x: (left + right - xLabel.width) / 2, y: height - margin - xLabel.height, color: pale)
    }
    if plot.extent.isEmpty {
      let notice = text("no data")
      show(notice, x: (left + right - notice.width) / 2, y: bottom - 2 * rowHeight, color: pale)
    }
    for (index, series) in plot.series.enumerated() { draw(series, index, x, y, frame) }
  }

  private func axis(
    _ side: KeyPath<SIMD2<Double>, Double>, _ range: ClosedRange<Double>?, isLogarithmic: Bool, ticks: Int,
    isTight: Bool = false
  ) -> Axis {
    Axis(
      plot.extent.map { $0[keyPath: side] }, range: range, isLogarithmic: isLogarithmic, ticks: max(ticks, 2),
      isTight: isTight)
  }

  /// Samples of the series' colours with their names, in up to three rows.
  ///
  /// - Returns: where the rest begins
  private func drawLegend(from top: Double) -> Double {
    let named = plot.series.enumerated().filter { !$0.element.name.isEmpty }
    let (sample, gap, rowHeight) = (26.0, 24.0, text("0").height + 4)
    var (x, y) = (margin, top)
    for (place, (index, series)) in named.enumerated() {
      let name = text(series.name, maxWidth: width / 2)
      let rest = text("and \(named.count - place) more")
      let isLastRow = y + rowHeight > top + 2.5 * rowHeight
      let room = width - margin - (isLastRow && place + 1 < named.count ? rest.width + gap : 0)
      if x + sample + name.width > room, x > margin {
        if isLastRow {
          show(rest, x: x, y: y, color: pale)
          break
        }
        (x, y) = (margin, y + rowHeight)
      }
      let middle = y + name.height / 2
      let swatch = PixelBox(x0: x, y0: middle - 6, x1: x + sample - 6, y1: middle + 6)
      switch series.shape {
      case .line:
        canvas.stroke(
          [SIMD2(swatch.x0, middle), SIMD2(swatch.x1, middle)], in: swatch, lineWidth: 4,
          color: color(index), dashes: Plot.dashes(index))
      case .bars:
        canvas.fill(swatch, color: color(index), opacity: barOpacity)
      }
      show(name, x: x + sample, y: y, color: ink)
      x += sample + name.width + gap
    }
    return named.isEmpty ? top : y + rowHeight + 6
  }

  private func drawAxes(_ x: Axis, _ y: Axis, _ frame: PixelBox) {
    let all = PixelBox(x0: 0, y0: 0, x1: width, y1: height)
    func rule(_ from: SIMD2<Double>, _ to: SIMD2<Double>, _ color: SIMD3<Double>) {
      canvas.stroke([from, to], in: all, lineWidth: 1, color: color)
    }
    // Lines of one pixel are sharp along the middle of pixels.
    for tick in x.ticks {
      let place = (frame.x0 + x.place(tick.value) * frame.width).rounded(.down) + 0.5
      rule([place, frame.y0], [place, frame.y1], grid)
      let label = text(tick.label)
      show(label, x: place - label.width / 2, y: frame.y1 + 6, color: pale)
    }
    for tick in y.ticks {
      let place = (frame.y1 - y.place(tick.value) * frame.height).rounded(.down) + 0.5
      rule([frame.x0, place], [frame.x1, place], grid)
      let label = text(tick.label)
      show(label, x: frame.x0 - 8 - label.width, y: place - label.height / 2, color: pale)
    }
    rule([frame.x0, frame.y1 + 0.5], [frame.x1, frame.y1 + 0.5], pale)
  }

  private func draw(_ series: Plot.Series, _ index: Int, _ x: Axis, _ y: Axis, _ frame: PixelBox) {
    func place(_ point: SIMD2<Double>) -> SIMD2<Double> {
      [frame.x0 + x.place(point.x) * frame.width, frame.y1 - y.place(point.y) * frame.height]
    }
    let color = color(index)
    // Lines and dots along the edges keep their width; points far outside are beyond cairo's numbers.
    let clip = PixelBox(x0: frame.x0 - 4, y0: frame.y0 - 4, x1: frame.x1 + 4, y1: frame.y1 + 4)
    func limited(_ point: SIMD2<Double>) -> SIMD2<Double> {
      point.clamped(lowerBound: .init(repeating: -1e5), upperBound: .init(repeating: 1e5))
    }
    func line(_ points: [SIMD2<Double>], width: Double, opacity: Double, dashes: [Double]) {
      for piece in Curve.pieces(points.map(place)) {
        canvas.stroke(
          Curve.thinned(piece).map(limited), in: clip, lineWidth: width, color: color, opacity: opacity,
          dashes: dashes)
        // A line of one point is a dot, and few points are more than where their lines bend.
        guard piece.count == 1 || points.count <= 50 else { continue }
        for point in piece.map(limited) {
          canvas.stroke([point, point], in: clip, lineWidth: width + 4, color: color, opacity: opacity)
        }
      }
    }
    switch series.shape {
    case .line(let points, let smoothing):
      if smoothing > 1 {
        line(points, width: 1.5, opacity: 0.25, dashes: [])
        let means = Curve.smoothed(points, span: smoothing)
        line(means, width: 2.5, opacity: 1, dashes: Plot.dashes(index))
      } else {
        line(points, width: 2.5, opacity: 1, dashes: Plot.dashes(index))
      }
    case .bars(let edges, let heights):
      for ((low, high), count) in zip(zip(edges, edges.dropFirst()), heights) {
        let corners = [place([low, count]), place([high, max(0, y.range.lowerBound)])].map {
          $0.clamped(
            lowerBound: [frame.x0, frame.y0], upperBound: [frame.x1, frame.y1])
        }
        guard low.isFinite, high.isFinite, count.isFinite, corners[1].x > corners[0].x else { continue }
        let box = PixelBox(x0: corners[0].x, y0: corners[0].y, x1: corners[1].x, y1: corners[1].y)
        canvas.fill(box, color: color, opacity: barOpacity)
      }
    }
  }

  private func text(_ string: String, size: Double? = nil, maxWidth: Double = .infinity) -> TextLine {
    // Pango counts in whole numbers of up to 31 bits, of which ten are a pixel's fractions.
    canvas.line(
      string, family: "DejaVu Sans", size: size ?? textSize, maxWidth: min(maxWidth, 1e6), keepsEnd: true)
  }

  private func show(_ text: TextLine, x: Double, y: Double, color: SIMD3<Double>) {
    let box = PixelBox(
      x0: x.rounded(), y0: y.rounded(), x1: (x + text.width).rounded() + 1, y1: y.rounded() + text.height)
    canvas.draw(text, in: box, inset: 0, color: color)
  }
}
