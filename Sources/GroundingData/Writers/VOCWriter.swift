import Foundation

/// Pascal VOC's folders: an XML file for each picture, coordinates counted from 1. Crowds are marked as difficult, which
/// means the same to whoever trains or evaluates.
final class VOCWriter: DatasetWriter {
  let omittedObjects = 0
  private let folder: PictureFolder
  private var stems: [String] = []

  init(_ url: URL, classes: [ObjectClass]) throws {
    folder = try PictureFolder(
      url, classes: classes, format: "Pascal VOC", pictures: "JPEGImages", texts: "Annotations", type: "xml")
  }

  func write(_ record: Record) throws {
    try folder.write(record) { name, size in text(of: record, pictureName: name, size) }
    stems.append(record.fileStem)
  }

  private func text(of record: Record, pictureName name: String, _ size: Record.Size) -> String {
    var text = """
      <annotation>
        <folder>JPEGImages</folder>
        <filename>\(name)</filename>
        <size><width>\(size.width)</width><height>\(size.height)</height><depth>3</depth></size>

      """
    for object in record.objects {
      guard let index = object.classIndex else { continue }
      let corners = zip(["xmin", "ymin", "xmax", "ymax"], object.box.corners).map {
        "<\($0)>\(JSONText.number($1 + 1))</\($0)>"
      }
      text +=
        "  <object><name>\(XMLText.escaped(folder.classes[index].name))</name><difficult>\(object.isCrowd ? 1 : 0)"
        + "</difficult><bndbox>\(corners.joined())</bndbox></object>\n"
    }
    return text + "</annotation>\n"
  }

  func finish() throws {
    try folder.write(stems.map { $0 + "\n" }.joined(), to: "ImageSets/Main/all.txt")
    try folder.commit()
  }
}
