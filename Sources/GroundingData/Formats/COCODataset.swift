import Foundation

/// Detection data in COCO's form: COCO itself, Objects365, OpenImages, ODinW, and what annotation tools export.
public struct COCODataset: CheckedDataset {
  public let name: String
  public let faults: FaultLog
  let index: COCOIndex
  private let list: ClassList
  private let pictures: PictureFolders

  /// - Parameter classes: those to use in place of the file's, with ids of the file.
  public init(
    _ url: URL, pictures: PictureFolders, name: String? = nil, classes: [ObjectClass]? = nil, faults: FaultLog
  ) throws(DatasetError) {
    let index = try COCOIndex(AnnotationFile(url), faults: faults)
    try self.init(index, pictures: pictures, name: name, classes: classes, faults: faults)
  }

  init(
    _ index: COCOIndex, pictures: PictureFolders, name: String?, classes: [ObjectClass]?, faults: FaultLog
  ) throws(DatasetError) {
    self.name = name ?? index.file.url.relativePath
    (self.index, self.pictures, self.faults) = (index, pictures, faults)
    do {
      list = if let classes { try ClassList(classes) } else { try ClassList(categories: index.categories) }
    } catch { throw index.file.error(nil, error) }
  }

  /// The file that was opened.
  public var annotations: URL { index.file.url }
  public var format: DatasetDescription.Format? { .coco }
  public var picturesFolder: URL? { pictures.only }
  public var classes: [ObjectClass] { list.classes }
  public var count: Int { index.count }

  public func record(at position: Int) throws -> Record {
    try index.reading(position, keeping: ["id", "file_name", "coco_url", "width", "height"]) { image in
      let size = try image.size(width: "width", height: "height")
      return Record(
        id: try image.identifier("id"), picture: try pictures.source(of: Self.fileName(image)), size: size,
        text: .classes,
        objects: try index.objects(of: position, in: size, namedBy: "category_id", faults) {
          object, annotation throws(Fault) in
          object.classIndex = try list.position(ofID: annotation.integer("category_id"))
        })
    }
  }

  public func size(at position: Int) -> Record.Size? { index.size(of: position) }

  public func validateFiles() throws(DatasetError) { try index.validateAnnotationIDs(faults) }

  func positions(ofIDs ids: [Int]) throws(Fault) -> [Int] {
    var positions: [Int] = []
    for id in ids { positions.append(try list.position(ofID: id)) }
    return positions
  }

  /// LVIS has no file names: the last two parts of the address are folder and name, for its pictures come from more
  /// than one of COCO's folders.
  private static func fileName(_ image: JSONObject) throws(Fault) -> String {
    guard image["file_name"] == nil, image["coco_url"] != nil else { return try image.string("file_name") }
    return try image.string("coco_url").split(separator: "/").suffix(2).joined(separator: "/")
  }
}

extension JSONObject {
  /// 0 or 1, or a Boolean; false where it is not given.
  func flag(_ name: String) throws(Fault) -> Bool {
    switch self[name] {
    case nil: return false
    case .boolean(let value): return value
    default: return try integer(name) != 0
    }
  }
}
