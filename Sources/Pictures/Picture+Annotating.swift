/// An annotation with its place on the picture and, where there is room, its plate.
package struct PlacedAnnotation {
  /// The middle of the lines; with half their width it lies within the picture.
  package let box: PixelBox
  /// The plate, in whole pixels within the picture.
  package fileprivate(set) var plate: PixelBox?
  let color: AnnotationColor
  fileprivate let text: TextLine?
  fileprivate let lineWidth: Double
  fileprivate let isDashed: Bool

  fileprivate var dashes: [Double] { isDashed ? [4 * lineWidth, 3 * lineWidth] : [] }
}

extension Picture {
  /// The picture with boxes and labels drawn on it.
  ///
  /// A label stands on a plate in the colour of its box, above it if there is room, else inside or below,
  /// always within the picture; it is shortened where the picture is too narrow, left out where the picture
  /// is too small to be legible. Boxes wholly outside of the picture are left out.
  ///
  /// - Throws: `PictureError.undrawable` where a coordinate is not finite or the picture has more than
  ///   32,767 pixels a side.
  public func annotated(
    _ annotations: [Annotation], style: AnnotationStyle = .default
  ) throws(PictureError) -> Picture {
    let canvas = try Canvas(self)
    let placed = try place(annotations, style: style, on: canvas)
    for annotation in placed.filter({ !$0.isDashed }) + placed.filter(\.isDashed) {
      let (box, lineWidth) = (annotation.box, annotation.lineWidth)
      let black = SIMD3<Double>(repeating: 0)
      canvas.stroke(box, lineWidth: lineWidth + 2, color: black, opacity: 0.3, dashes: annotation.dashes)
      canvas.stroke(box, lineWidth: lineWidth, color: annotation.color.rgb, dashes: annotation.dashes)
    }
    for annotation in placed {
      guard let plate = annotation.plate, let text = annotation.text else { continue }
      canvas.fill(plate, color: annotation.color.rgb)
      canvas.draw(text, in: plate, inset: (plate.width - text.width) / 2, color: annotation.color.text)
    }
    return canvas.picture
  }

  /// Where annotations would be drawn, from the lowest score to the highest.
  package func placed(
    _ annotations: [Annotation], style: AnnotationStyle = .default
  ) throws(PictureError) -> [PlacedAnnotation] {
    try place(annotations, style: style, on: Canvas(self))
  }

  /// Chosen by eye: 2 pixels at 640x480, 14 at 4000x3000.
  package func lineWidth(_ style: AnnotationStyle, scale: Double = 1) -> Double {
    let automatic = max(1, (Double(width * height).squareRoot() / 240).rounded())
    return min((style.lineWidth ?? automatic) * scale, Double(min(width, height)) / 3)
  }

  /// Chosen by eye: 12 pixels at 640x480, 75 at 4000x3000; nil where text would be illegible.
  private func fontSize(_ style: AnnotationStyle) -> Double? {
    let side = Double(width * height).squareRoot()
    let automatic = max(min(11, side / 7), side / 46).rounded()
    let size = min(style.fontSize ?? automatic, Double(height) / 2, Double(width) / 4)
    return size >= 5 ? size : nil
  }

  private func place(
    _ annotations: [Annotation], style: AnnotationStyle, on canvas: Canvas
  ) throws(PictureError) -> [PlacedAnnotation] {
    let (width, height) = (Double(width), Double(height))
    var layout = PlateLayout(width: width, height: height)
    var placed: [PlacedAnnotation] = []
    // The best come first, to get the best places.
    for annotation in annotations.sorted(by: { $0.score ?? 1 > $1.score ?? 1 }) {
      guard annotation.box.isFinite else {
        throw .undrawable(reason: "the box of \"\(annotation.label)\" is not finite")
      }
      let box = annotation.box.sorted
      guard box.x1 >= 0, box.y1 >= 0, box.x0 <= width, box.y0 <= height else { continue }
      let lineWidth = lineWidth(style, scale: annotation.lineScale)
      let lines = box.snapped(width: width, height: height, lineWidth: lineWidth)
      var result = PlacedAnnotation(
        box: lines, color: AnnotationColor(index: annotation.colorIndex),
        text: text(of: annotation, style: style, on: canvas), lineWidth: lineWidth,
        isDashed: annotation.isDashed)
      if let text = result.text {
        let padding = 2 * (text.height / 4).rounded()
        let outer = PixelBox(
          x0: lines.x0 - lineWidth / 2, y0: lines.y0 - lineWidth / 2,
          x1: lines.x1 + lineWidth / 2, y1: lines.y1 + lineWidth / 2)
        result.plate = layout.place(
          width: min(text.width + padding, width), height: min(text.height + 1, height), at: outer)
      }
      placed.append(result)
    }
    return placed.reversed()
  }

  private func text(of annotation: Annotation, style: AnnotationStyle, on canvas: Canvas) -> TextLine? {
    var annotation = annotation
    if !style.showsScores { annotation.score = nil }
    let text = annotation.text
    guard let size = fontSize(style), !text.isEmpty else { return nil }
    return canvas.line(
      text, family: style.fontFamily, size: size, maxWidth: Double(width) - size,
      keepsEnd: annotation.score != nil)
  }
}
