import Foundation

/// LVIS: detection data in which each picture was searched for some classes only.
public struct LVISDataset: CheckedDataset {
  /// How many training pictures show a class.
  public enum Frequency: String, Sendable, Codable, CaseIterable {
    case rare = "r"
    case common = "c"
    case frequent = "f"
  }

  /// What is known of the classes that have no box on a picture, or not one for every object. Positions in `classes`.
  public struct Coverage: Sendable, Hashable {
    /// Classes that were looked for and are not on the picture.
    public var absent: [Int]
    /// Classes of which more objects may be on the picture than have boxes.
    public var notExhaustive: [Int]

    public init(absent: [Int], notExhaustive: [Int]) {
      (self.absent, self.notExhaustive) = (absent, notExhaustive)
    }
  }

  private let detections: COCODataset
  /// Of each class.
  public let frequencies: [Frequency]

  public init(
    _ url: URL, pictures: PictureFolders, name: String? = nil, faults: FaultLog
  ) throws(DatasetError) {
    let index = try COCOIndex(AnnotationFile(url), faults: faults)
    try self.init(index, pictures: pictures, name: name, faults: faults)
  }

  init(
    _ index: COCOIndex, pictures: PictureFolders, name: String?, faults: FaultLog
  ) throws(DatasetError) {
    detections = try COCODataset(index, pictures: pictures, name: name, classes: nil, faults: faults)
    var byID: [Int: Frequency] = [:]
    for category in index.categories {
      guard let id = try? category.integer("id"), let letter = try? category.string("frequency"),
        let frequency = Frequency(rawValue: letter)
      else {
        let id = (try? category.identifier("id")) ?? "?"
        throw index.file.error("category \(id)", Fault("its 'frequency' is not r, c or f"))
      }
      byID[id] = frequency
    }
    frequencies = detections.classes.compactMap { byID[$0.id] }
  }

  /// The file that was opened.
  public var annotations: URL { detections.annotations }
  public var name: String { detections.name }
  public var faults: FaultLog { detections.faults }
  public var format: DatasetDescription.Format? { .lvis }
  public var picturesFolder: URL? { detections.picturesFolder }
  public var classes: [ObjectClass] { detections.classes }
  public var count: Int { detections.count }
  public func record(at position: Int) throws -> Record { try detections.record(at: position) }
  public func size(at position: Int) -> Record.Size? { detections.size(at: position) }
  public func validateFiles() throws(DatasetError) {
    try detections.validateFiles()
    for position in 0..<count { do { _ = try coverage(at: position) } catch { try faults.note(error) } }
  }

  public func coverage(at position: Int) throws(DatasetError) -> Coverage {
    let names: [StaticString] = ["neg_category_ids", "not_exhaustive_category_ids"]
    return try detections.index.reading(position, keeping: names) { image in
      Coverage(
        absent: try detections.positions(ofIDs: image.integers("neg_category_ids")),
        notExhaustive: try detections.positions(ofIDs: image.integers("not_exhaustive_category_ids")))
    }
  }
}
