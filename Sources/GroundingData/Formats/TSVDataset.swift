import Foundation
import Yams

/// The authors' data: rows of base64 pictures in one file, of annotations in another, tied by a YAML file. Detection
/// (Objects365, OpenImages, Visual Genome, ImageNet) or captions with boxes that a network has found.
public struct TSVDataset: CheckedDataset {
  /// The YAML file: paths beside it.
  private struct Files: Decodable {
    var img: String
    var label: String
    var hw: String?
    var linelist: String?
    var labelmap: String?
    var jsondict: String?
    var imageid2idx: String?
  }

  public let name: String
  public let faults: FaultLog
  private let images: TSVFile
  private let labels: TSVFile
  private let sizes: TSVFile?
  private let list: ClassList
  /// The rows to use, in this order; nil for all.
  private let rows: [Int]?
  /// Row of a picture by its key; nil where pictures and annotations are in the same order.
  private let imageRows: [String: Int]?

  public init(
    _ url: URL, name: String? = nil, labelMap: URL? = nil, classes: [ObjectClass]? = nil, faults: FaultLog
  ) throws(DatasetError) {
    let files: Files
    do { files = try YAMLDecoder().decode(Files.self, from: AnnotationFile(url).data) } catch {
      throw (error as? DatasetError)
        ?? DatasetError(file: url, "it does not name the files of a TSV data set as YAML")
    }
    let folder = url.deletingLastPathComponent()
    (self.name, self.faults) = (name ?? url.relativePath, faults)
    images = try TSVFile(folder.file(files.img))
    labels = try TSVFile(folder.file(files.label))
    sizes = try files.hw.map { path throws(DatasetError) in try TSVFile(folder.file(path)) }
    imageRows = try files.imageid2idx.map { path throws(DatasetError) in try Self.rowsByKey(folder.file(path))
    }
    rows = try files.linelist.map { [count = labels.count] path throws(DatasetError) in
      try Self.rows(folder.file(path), of: count)
    }
    if imageRows == nil, images.count != labels.count {
      throw DatasetError(
        file: url, "\(files.img) has \(images.count) rows, but \(files.label) has \(labels.count)")
    }
    let map = labelMap ?? (files.labelmap ?? files.jsondict).map(folder.file)
    list = try LabelMap.list(classes, orIn: map, firstID: 1, of: url)
  }

  public var format: DatasetDescription.Format? { .tsv }
  public var classes: [ObjectClass] { list.classes }
  public var count: Int { rows?.count ?? labels.count }

  public func record(at index: Int) throws -> Record {
    let row = rows?[index] ?? index
    let (key, value) = try labels.keyAndValue(of: row)
    let picture = try picture(of: row, key)
    do {
      let json = try labels.lines.json(in: value)
      let note = { (fault: Fault) in try faults.note(labels.error(row, fault)) }
      if case .object(let object) = json, object["caption"] != nil {
        let annotation = CaptionRecord(object: object)
        let caption = try object.string("caption")
        let size = try size(ofRow: row) ?? annotation.size
        return Record(
          id: key, picture: picture, size: size, text: .caption(caption),
          objects: try annotation.objects(of: caption, in: size, note: note))
      }
      let size = try size(ofRow: row) ?? CaptionRecord(object: json.asObject).size
      return Record(
        id: key, picture: picture, size: size, text: .classes,
        objects: try objects(in: json, size, note: note))
    } catch let fault as Fault {
      throw labels.error(row, fault)
    }
  }

  public func size(at index: Int) -> Record.Size? {
    let row = rows?[index] ?? index
    if let size = try? size(ofRow: row) { return size }
    guard let (_, value) = try? labels.keyAndValue(of: row) else { return nil }
    return try? CaptionRecord(object: labels.lines.json(in: value).asObject).size
  }

  private func objects(
    in json: JSONValue, _ size: Record.Size?, note: (Fault) throws -> Void
  ) throws -> [Record.Object] {
    var values: [JSONValue] = []
    switch json {
    case .array(let list): values = list
    case .object(let object): values = try object.array("objects")
    default: throw Fault("it is not a list of objects")
    }
    var objects: [Record.Object] = []
    for (number, value) in values.enumerated() {
      do {
        guard case .object(let object) = value else { throw Fault("it is not an object") }
        objects.append(
          Record.Object(
            box: try CornerBox(object.numbers("rect"), .corners, in: size),
            classIndex: try list.position(ofName: object.string("class")),
            score: object["conf"] == nil ? nil : try object.number("conf")))
      } catch let fault as Fault { try note(Fault("object \(number + 1): \(fault.reason)")) }
    }
    return objects
  }

  private func picture(of row: Int, _ key: String) throws(DatasetError) -> PictureSource {
    guard let imageRow = imageRows.map({ $0[key] }) ?? row, imageRow < images.count else {
      throw labels.error(row, Fault("there is no picture \(key.quoted)"))
    }
    let columns = try images.columns(of: imageRow)
    let found = images.text(columns[0])
    guard columns.count > 1 else { throw images.error(imageRow, Fault("it has no column with a picture")) }
    guard imageRows != nil || found == key else {
      throw images.error(imageRow, Fault("its key is \(found.quoted), that of the annotations \(key.quoted)"))
    }
    let text = columns[columns.count - 1]
    return .base64(of: images.file.url, offset: text.lowerBound, count: text.count)
  }

  /// `[{"height": 480, "width": 640}]`, the object alone, or `480 640`.
  private func size(ofRow row: Int) throws(DatasetError) -> Record.Size? {
    guard let sizes else { return nil }
    guard row < sizes.count else { throw sizes.error(row, Fault("there is no such row")) }
    let (_, value) = try sizes.keyAndValue(of: row)
    do {
      return try Self.size(sizes.text(value), or: { () throws(Fault) in try sizes.lines.json(in: value) })
    } catch {
      throw sizes.error(row, error)
    }
  }

  private static func size(_ text: String, or json: () throws(Fault) -> JSONValue) throws(Fault) -> Record
    .Size?
  {
    let sides = text.split(separator: " ").compactMap { Int($0) }
    guard sides.count == 2 else { return try json().asObject.size(width: "width", height: "height") }
    let object = JSONObject(members: [("height", .integer(sides[0])), ("width", .integer(sides[1]))])
    return try object.size(width: "width", height: "height")
  }

  private static func rows(_ url: URL, of count: Int) throws(DatasetError) -> [Int] {
    let rows = try TSVFile.wholeNumbers(url)
    if let line = rows.firstIndex(where: { $0 >= count }) {
      throw DatasetError(file: url, place: "line \(line + 1)", "there is no row \(rows[line]), only \(count)")
    }
    return rows
  }

  private static func rowsByKey(_ url: URL) throws(DatasetError) -> [String: Int] {
    let file = try AnnotationFile(url)
    do {
      let object = try file.scan(at: file.start) { scanner throws(Fault) in try scanner.object() }
      var rows: [String: Int] = [:]
      for (key, value) in object.members { rows[key] = try value.integer(key) }
      return rows
    } catch { throw file.error(structure: error) }
  }
}

extension JSONValue {
  /// The object itself, or that which a list holds; else one without members.
  var asObject: JSONObject {
    switch self {
    case .object(let object): return object
    case .array(let values):
      if case .object(let object)? = values.first { return object }
      return JSONObject()
    default: return JSONObject()
    }
  }
}
