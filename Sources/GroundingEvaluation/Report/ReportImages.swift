import Foundation
import GroundingData
import Pictures
import RunLog

/// Puts plots and pictures into a report's folder and gives the elements that show them on its page.
struct ReportImages {
  let folder: ReportFolder

  /// Pixels of a drawing's file to one of the page, so that text is sharp on screens with many.
  static let scale = 2

  /// A plot in a file, and on the page in the colours that its reader prefers.
  ///
  /// - Parameters:
  ///   - name: below the folder.
  ///   - alt: what the plot shows, for those who do not see it.
  func plot(_ plot: Plot, name: String, width: Int = 680, height: Int = 400, alt: String) throws -> HTML {
    try drawing(name: name, alt: alt, kind: "plot") { isDark throws(PictureError) in
      try plot.picture(width: width, height: height, scale: Self.scale, on: isDark ? .dark : .white)
    }
  }

  /// The same for what is drawn otherwise.
  ///
  /// - Parameters:
  ///   - kind: class of the element.
  ///   - draw: on a dark ground or on white, with `scale` pixels to one of the page.
  func drawing(name: String, alt: String, kind: String, _ draw: (Bool) throws(PictureError) -> Picture) throws
    -> HTML
  {
    let picture = try draw(false)
    let light = try picture.encoded(as: .png)
    try folder.write(light, to: name)
    let dark = try draw(true).encoded(as: .png)
    let source: HTML = """
      <source media="(prefers-color-scheme: dark)" srcset="\(.dataURI(dark, type: "image/png"))"/>
      """
    let size = (picture.width / Self.scale, picture.height / Self.scale)
    return """
      <picture>\(source)\(image(light, type: "image/png", kind, size, alt))</picture>
      """
  }

  /// A record's picture with what is drawn on it; where it cannot be read, a sentence that says why.
  ///
  /// - Parameters:
  ///   - what: is drawn, for those who do not see it.
  ///   - caption: below the picture, after the record's id.
  ///   - side: longest side of the picture, in pixels.
  ///   - annotations: for a picture that was made smaller by a factor.
  /// - Throws: `EvaluationError` or `PictureError` where the report cannot be written.
  func figure(
    of index: Int, in dataset: any GroundingDataset, name: String, what: String, caption: HTML, side: Int,
    annotations: (_ scale: Double) -> [Annotation]
  ) throws -> HTML {
    var id = "Picture \(index + 1)"
    let drawn: Picture
    do {
      let record = try dataset.record(at: index)
      id = record.id
      let picture = try record.picture.load()
      let scale = min(1, Double(side) / Double(max(picture.width, picture.height)))
      func scaled(_ length: Int) -> Int { max(1, Int((Double(length) * scale).rounded())) }
      drawn = try picture.resized(width: scaled(picture.width), height: scaled(picture.height))
        .annotated(annotations(scale), style: AnnotationStyle(lineWidth: 1.5, fontSize: 13))
    } catch {
      return """
        <figure><p class="lost">\("\(error)")</p>
        <figcaption><bdi>\(id)</bdi>: \(caption)</figcaption></figure>

        """
    }
    try folder.write(try drawn.encoded(as: .png), to: name)
    // As a PNG file the page would be ten times as large.
    let small = try drawn.encoded(as: .jpeg(quality: 85))
    let size = (drawn.width, drawn.height)
    return """
      <figure>\(image(small, type: "image/jpeg", "photograph", size, "\(id): \(what)"))
      <figcaption><bdi>\(id)</bdi>: \(caption)</figcaption></figure>

      """
  }

  /// - Parameter size: on the page, in its pixels.
  private func image(
    _ data: Data, type: StaticString, _ kind: String, _ size: (width: Int, height: Int), _ alt: String
  ) -> HTML {
    """
    <img class="\(kind)" alt="\(alt)" width="\(size.width)" height="\(size.height)" \
    style="min-width: min(\(size.width)px, var(--least))" src="\(.dataURI(data, type: type))"/>
    """
  }
}
