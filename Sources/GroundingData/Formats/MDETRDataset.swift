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
    let image = try index.image(
      position, keeping: ["id", "file_name", "width", "height", "caption", "data_source"])
    do {
      let size = try image.size(width: "width", height: "height")
      let caption = try image.string("caption")
      let source = image["data_source"] == nil ? nil : try image.string("data_source")
      var record = Record(
        id: try image.identifier("id"),
        picture: try pictures.source(of: image.string("file_name"), from: source),
        size: size, text: .caption(caption), objects: [])
      let length = caption.unicodeScalars.count
      for offset in index.annotations(of: position) {
        do { record.objects.append(try object(at: offset, in: size, captionLength: length)) } catch {
          try faults.note(index.error(in: "annotation", at: offset, error))
        }
      }
      return record
    } catch let fault as Fault {
      throw index.error(in: "image", at: index.imageOffsets[position], fault)
    }
  }

  public func size(at position: Int) -> Record.Size? {
    try? index.image(position, keeping: ["width", "height"]).size(width: "width", height: "height")
  }

  public func validateFiles() throws(DatasetError) { try index.validateAnnotationIDs(faults) }

  /// The phrases of a caption that are evaluated, each a list of spans: `tokens_positive_eval` of Flickr30k's files.
  public func evaluatedPhrases(at position: Int) throws(DatasetError) -> [[Range<Int>]] {
    let image = try index.image(position, keeping: ["caption", "tokens_positive_eval"])
    do {
      let length = try image.string("caption").unicodeScalars.count
      guard image["tokens_positive_eval"] != nil else { return [] }
      var phrases: [[Range<Int>]] = []
      for phrase in try image.array("tokens_positive_eval") {
        phrases.append(try phrase.spans("tokens_positive_eval", count: length))
      }
      return phrases
    } catch { throw index.error(in: "image", at: index.imageOffsets[position], error) }
  }

  private func object(
    at offset: Int, in size: Record.Size?, captionLength: Int
  ) throws(Fault) -> Record.Object {
    let annotation = try index.object(
      at: offset, keeping: ["bbox", "tokens_positive", "iscrowd", "area", "score"])
    return Record.Object(
      box: try CornerBox(annotation.numbers("bbox"), .size, in: size),
      spans: try annotation.spans("tokens_positive", count: captionLength),
      isCrowd: try annotation.flag("iscrowd"),
      score: annotation["score"] == nil ? nil : try annotation.number("score"),
      area: annotation["area"] == nil ? nil : try annotation.number("area"))
  }
}
