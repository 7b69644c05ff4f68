import Foundation

/// Some records of a data set, in an order of their own.
public struct Subset: CheckedDataset {
  /// What the records are of.
  public let whole: any GroundingDataset
  /// Positions in the whole data set.
  public let indices: [Int]

  public let faults: FaultLog
  public var format: DatasetDescription.Format? { (whole as? any CheckedDataset)?.format }
  public var picturesFolder: URL? { (whole as? any CheckedDataset)?.picturesFolder }

  /// - Parameter indices: of records of the data set.
  public init(_ whole: any GroundingDataset, _ indices: [Int]) {
    precondition(indices.allSatisfy((0..<whole.count).contains), "records of the data set")
    (self.whole, self.indices) = (whole, indices)
    faults = (whole as? any CheckedDataset)?.faults ?? FaultLog(.fail)
  }

  public var name: String { whole.name }
  public var classes: [ObjectClass] { whole.classes }
  public var count: Int { indices.count }

  public func record(at index: Int) throws -> Record { try whole.record(at: indices[index]) }
  public func size(at index: Int) -> Record.Size? { whole.size(at: indices[index]) }

  public func validateFiles() throws(DatasetError) {
    try (whole as? any CheckedDataset)?.validateFiles()
  }
}

extension GroundingDataset {
  /// The records that have something to be found, as the authors train on COCO and ODinW: an object that is
  /// no crowd, in a box of more than a pixel's width and height. Reads all records; one that cannot be read
  /// stays, so that it is reported when its turn comes.
  public func withoutEmptyRecords() -> Subset {
    Subset(
      self,
      (0..<count).filter { index in
        guard let record = try? record(at: index) else { return true }
        return record.hasObjects
      })
  }
}

extension Record {
  /// Whether there is something to be found.
  var hasObjects: Bool { objects.contains { !$0.isCrowd && $0.box.width > 1 && $0.box.height > 1 } }
}
