import Foundation

/// Grounding data in the form that MDETR introduced: Flickr30k Entities, the mixed data of GoldG, referring expressions.
/// An image record is a picture with one caption; a picture of five captions has five.
public struct MDETRDataset: CheckedDataset {
  public let name: String
  public let faults: FaultLog
  private let index: COCOIndex
  private let pictures: PictureFolders

  public init(
    _ url: URL, pictures: PictureFolders, name: String? = nil, faults: FaultLog
  ) throws(DatasetError) {
    try self.init(
      COCOIndex(AnnotationFile(url), faults: faults), pictures: pictures, name: name, faults: faults)
  }

  init(_ index: COCOIndex, pictures: PictureFolders, name: String?, faults: FaultLog) {
    self.name = name ?? index.file.url.relativePath
    (self.index, self.pictures, self.faults) = (index, pictures, faults)
  }

  public var format: DatasetDescription.Format? { .mdetr }
  public var picturesFolder: URL? { pictures.only }
  public var classes: [ObjectClass] { [] }
  public var count: Int { index.count }

  public func record(at position: Int) throws -> Record {
    let names: [StaticString] = ["id", "file_name", "width", "height", "caption", "data_source"]
    return try index.reading(position, keeping: names) { image in
      let size = try image.size(width: "width", height: "height")
      let caption = try image.string("caption")
      let source = image["data_source"] == nil ? nil : try image.string("data_source")
      let length = caption.unicodeScalars.count
      return Record(
        id: try image.identifier("id"),
        picture: try pictures.source(of: image.string("file_name"), from: source),
        size: size, text: .caption(caption),
        objects: try index.objects(of: position, in: size, namedBy: "tokens_positive", faults) {
          object, annotation throws(Fault) in
          object.spans = try annotation.spans("tokens_positive", count: length)
        })
    }
  }

  public func size(at position: Int) -> Record.Size? { index.size(of: position) }

  public func validateFiles() throws(DatasetError) { try index.validateAnnotationIDs(faults) }

  /// The phrases of a caption that are evaluated, each a list of spans: `tokens_positive_eval` of Flickr30k's files.
  public func evaluatedPhrases(at position: Int) throws(DatasetError) -> [[Range<Int>]] {
    try index.reading(position, keeping: ["caption", "tokens_positive_eval"]) { image in
      let length = try image.string("caption").unicodeScalars.count
      guard image["tokens_positive_eval"] != nil else { return [] }
      return try image.array("tokens_positive_eval").map {
        try $0.spans("tokens_positive_eval", count: length)
      }
    }
  }
}
