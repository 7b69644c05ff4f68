import Pictures
import RunLog

/// A matrix of confusions as a picture: rows are objects, columns what they were detected as, and the darker a field,
/// the larger its share of the row.
struct ConfusionDrawing {
  /// `[row][column]`, as many of both as there are names.
  let table: [[Int]]
  let names: [String]
  let isDark: Bool

  private let cell = 42.0
  private let margin = 20.0
  private let gap = 8.0
  private let widestLabel = 170.0
  private let scale = ReportImages.scale
  private let family = "DejaVu Sans"

  private var ground: SIMD3<Double> { isDark ? Plot.darkGround : .init(repeating: 1) }
  private var ink: SIMD3<Double> { .init(repeating: isDark ? 0.93 : 0.15) }
  private var pale: SIMD3<Double> { .init(repeating: isDark ? 0.68 : 0.4) }
  private var grid: SIMD3<Double> { .init(repeating: isDark ? 0.24 : 0.88) }

  func picture() throws(PictureError) -> Picture {
    let measure = try Canvas(Picture(width: 1, height: 1, pixels: [0, 0, 0]))
    let labelWidth = names.map { text($0, on: measure).width }.max() ?? 0
    let heading = text("detected as", on: measure)
    let left = margin + heading.height + gap + labelWidth + gap
    let top = margin + heading.height + gap + labelWidth + gap
    let side = cell * Double(names.count)
    let (width, height) = (Int(left + side + margin), Int(top + side + margin))
    let canvas = try Canvas(
      Picture(
        width: scale * width, height: scale * height,
        pixels: [UInt8](repeating: 255, count: 3 * scale * width * scale * height)))
    canvas.scale(by: Double(scale))
    canvas.fill(PixelBox(x0: 0, y0: 0, x1: Double(width), y1: Double(height)), color: ground)

    let columnHeading = text("detected as", on: canvas)
    show(columnHeading, on: canvas, at: [left + (side - columnHeading.width) / 2, margin], color: pale)
    let rowHeading = text("object", on: canvas)
    canvas.drawUpwards(
      rowHeading, from: [margin + rowHeading.height, top + (side + rowHeading.width) / 2], color: pale)
    for (index, name) in names.enumerated() {
      let label = text(name, on: canvas)
      let middle = (Double(index) + 0.5) * cell
      show(label, on: canvas, at: [left - gap - label.width, top + middle - label.height / 2], color: ink)
      canvas.drawUpwards(label, from: [left + middle + label.height / 2, top - gap], color: ink)
    }
    for row in table.indices { draw(row, on: canvas, at: [left, top]) }
    return canvas.picture
  }

  private func draw(_ row: Int, on canvas: Canvas, at corner: SIMD2<Double>) {
    let sum = Double(max(table[row].reduce(0, +), 1))
    for (column, count) in table[row].enumerated() {
      let x = corner.x + Double(column) * cell
      let y = corner.y + Double(row) * cell
      let box = PixelBox(x0: x + 1, y0: y + 1, x1: x + cell - 1, y1: y + cell - 1)
      // No object can be found in the background.
      guard row + 1 < names.count || column + 1 < names.count else { continue }
      let color = Plot.color(row == column ? 0 : 1)
      // The root lets rare confusions be seen.
      let share = (Double(count) / sum).squareRoot()
      let shade = count == 0 ? grid * 0.4 + ground * 0.6 : color * share + ground * (1 - share)
      canvas.fill(box, color: shade)
      guard count > 0 else { continue }
      let luminance = (shade * SIMD3(0.2126, 0.7152, 0.0722)).sum()
      let number = text(compact(count), size: 13, on: canvas)
      show(
        number, on: canvas, at: [box.x0 + (box.width - number.width) / 2, y + (cell - number.height) / 2],
        color: SIMD3(repeating: luminance > 0.5 ? 0.08 : 0.97))
    }
  }

  /// In four places.
  private func compact(_ count: Int) -> String {
    switch count {
    case ..<10_000: String(count)
    case ..<1_000_000: "\(count / 1000)k"
    default: "\(count / 1_000_000)M"
    }
  }

  private func text(_ string: String, size: Double = 14, on canvas: Canvas) -> TextLine {
    canvas.line(string, family: family, size: size, maxWidth: widestLabel, keepsEnd: false)
  }

  private func show(_ text: TextLine, on canvas: Canvas, at point: SIMD2<Double>, color: SIMD3<Double>) {
    let box = PixelBox(
      x0: point.x, y0: point.y, x1: point.x + text.width + 1, y1: point.y + text.height)
    canvas.draw(text, in: box, inset: 0, color: color)
  }
}
