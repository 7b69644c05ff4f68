import Foundation
import Pictures
import RunLog

/// Puts plots and pictures into a report's folder and gives the elements that show them on its page.
struct ReportImages {
  let folder: ReportFolder

  /// A plot in a file, and on the page in the colours that its reader prefers.
  ///
  /// - Parameters:
  ///   - name: below the folder.
  ///   - alt: what the plot shows, for those who do not see it.
  func plot(_ plot: Plot, name: String, width: Int = 640, height: Int = 400, alt: String) throws -> HTML {
    try drawing(name: name, alt: alt, kind: "plot") { isDark throws(PictureError) in
      try plot.picture(width: width, height: height, scale: 2, on: isDark ? .dark : .white)
    }
  }

  /// The same for what is drawn otherwise.
  ///
  /// - Parameters:
  ///   - kind: class of the element.
  ///   - draw: on a dark ground or on white.
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
    return """
      <picture>\(source)\(image(light, type: "image/png", kind, picture, alt))</picture>
      """
  }

  /// A photograph, in a PNG file, and smaller on the page.
  func photograph(_ picture: Picture, name: String, alt: String) throws -> HTML {
    try folder.write(try picture.encoded(as: .png), to: name)
    return image(try picture.encoded(as: .jpeg(quality: 85)), type: "image/jpeg", "photograph", picture, alt)
  }

  private func image(_ data: Data, type: StaticString, _ kind: String, _ picture: Picture, _ alt: String)
    -> HTML
  {
    """
    <img class="\(kind)" alt="\(alt)" width="\(picture.width)" height="\(picture.height)" \
    src="\(.dataURI(data, type: type))"/>
    """
  }
}
