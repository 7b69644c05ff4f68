import Foundation

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// The annotation of one picture in Pascal VOC's form, as text.
struct VOCAnnotation {
  var fileName: String?
  var width: String?
  var height: String?
  var objects: [Object] = []

  struct Object {
    /// VOC has one; Flickr30k Entities, several where a box shows what different captions call differently.
    var names: [String] = []
    var name: String? { names.last }
    var isDifficult = false
    /// xmin, ymin, xmax, ymax.
    var corners: [String?] = [nil, nil, nil, nil]

    func box(in size: Record.Size?) throws(Fault) -> CornerBox {
      var numbers: [Double] = []
      for (name, text) in zip(VOCAnnotation.corners, corners) {
        guard let text else { throw Fault("there is no '\(name)'") }
        guard let number = Double(text) else { throw Fault("'\(name)' is not a number") }
        numbers.append(number)
      }
      return try CornerBox(numbers, .cornersFromOne, in: size)
    }
  }

  fileprivate static let corners = ["xmin", "ymin", "xmax", "ymax"]

  /// Far more than thousands of objects take.
  private static let largest = 16 << 20

  fileprivate init() {}

  init(_ url: URL) throws(DatasetError) {
    let file = try AnnotationFile(url)
    guard file.count <= Self.largest else {
      throw DatasetError(file: url, "it has \(file.count) bytes, too many for the annotation of one picture")
    }
    let data = file.data
    // An annotation needs none, and one that nests them could grow without bound.
    guard data.range(of: Data("<!ENTITY".utf8)) == nil else {
      throw DatasetError(file: url, "it declares entities, which are not read")
    }
    let reader = VOCReader()
    let parser = XMLParser(data: data)
    parser.shouldResolveExternalEntities = false
    parser.delegate = reader
    // The parser takes text that ends early for complete.
    if parser.parse(), reader.fault == nil, !reader.isComplete { reader.fault = "it ends early" }
    guard parser.parserError == nil, reader.fault == nil else {
      let reason = reader.fault ?? "not valid XML in its column \(parser.columnNumber)"
      throw DatasetError(file: url, place: "line \(parser.lineNumber)", reason)
    }
    self = reader.annotation
  }

  var size: Record.Size? {
    get throws(Fault) {
      guard width != nil || height != nil else { return nil }
      guard let width = width.flatMap({ Int($0) }), let height = height.flatMap({ Int($0) }),
        1...1_000_000 ~= width, 1...1_000_000 ~= height
      else { throw Fault("its 'size' is not a number of pixels") }
      return Record.Size(width: width, height: height)
    }
  }
}

/// Collects the elements that count. Parts of objects, such as heads and hands, are left alone.
private final class VOCReader: NSObject, XMLParserDelegate {
  var annotation = VOCAnnotation()
  var fault: String?
  private(set) var isComplete = false
  private var path: [String] = []
  private var text = ""

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
    attributes: [String: String]
  ) {
    if path.isEmpty, name != "annotation" {
      fault = "the outermost element is not 'annotation'"
      parser.abortParsing()
    }
    path.append(name)
    text = ""
    if path == ["annotation", "object"] { annotation.objects.append(VOCAnnotation.Object()) }
  }

  func parser(_ parser: XMLParser, foundCharacters characters: String) { text += characters }

  func parser(
    _ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?
  ) {
    let value = text.trimmingCharacters(in: .whitespacesAndNewlines)
    let last = annotation.objects.count - 1
    switch path.dropFirst() {
    case ["filename"]: annotation.fileName = value
    case ["size", "width"]: annotation.width = value
    case ["size", "height"]: annotation.height = value
    case ["object", "name"]: annotation.objects[last].names.append(value)
    case ["object", "difficult"]: annotation.objects[last].isDifficult = value == "1"
    case ["object", "bndbox", name]:
      guard let corner = VOCAnnotation.corners.firstIndex(of: name) else { break }
      annotation.objects[last].corners[corner] = value
    default: break
    }
    path.removeLast()
    isComplete = path.isEmpty
    text = ""
  }
}
