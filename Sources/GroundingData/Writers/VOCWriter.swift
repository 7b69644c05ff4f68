import Foundation

/// Pascal VOC's folders: an XML file for each picture, coordinates counted from 1. Crowds are marked as difficult, which
/// means the same to whoever trains or evaluates.
final class VOCWriter: DatasetWriter {
  let omittedObjects = 0
  private let folder: OutputFolder
  private let classes: [ObjectClass]
  private let pictures: PictureNames
  private var stems: [String] = []

  init(_ url: URL, classes: [ObjectClass]) throws {
    self.classes = classes
    folder = try OutputFolder(url)
    pictures = .copied(to: folder.url.appending(path: "JPEGImages"))
    try FileManager.default.createDirectory(
      at: folder.url.appending(path: "Annotations"), withIntermediateDirectories: true)
  }

  func write(_ record: Record) throws {
    try record.requireClasses("Pascal VOC", classes)
    let size = try record.knownSize()
    let name = try pictures.name(of: record)
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
        "  <object><name>\(XMLText.escaped(classes[index].name))</name><difficult>\(object.isCrowd ? 1 : 0)"
        + "</difficult><bndbox>\(corners.joined())</bndbox></object>\n"
    }
    let file = folder.url.appending(path: "Annotations/\(record.fileStem).xml")
    try Data((text + "</annotation>\n").utf8).write(to: file)
    stems.append(record.fileStem)
  }

  func finish() throws {
    let list = folder.url.appending(path: "ImageSets/Main")
    try FileManager.default.createDirectory(at: list, withIntermediateDirectories: true)
    try Data(stems.map { $0 + "\n" }.joined().utf8).write(to: list.appending(path: "all.txt"))
    try folder.commit()
  }
}
